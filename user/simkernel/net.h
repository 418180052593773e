/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets of one simulated host: what the files of the network part share.
 *
 *	socket.c    the system calls that name a socket; socket objects
 *	sockmsg.c   send and receive calls, message headers, control messages
 *	sockopt.c   options          sockfile.c  read, write, poll, ioctl, stat
 *	sockbuf.c   buffers          scm.c       rights and credentials
 *	unix.c unixname.c            AF_UNIX: connections and names
 *	unixstream.c unixdgram.c     AF_UNIX: what is sent; unixgc.c, what gets lost
 *	inet.c inetport.c            addresses and ports of AF_INET, AF_INET6
 *	tcp.c tcpdata.c udp.c        the two protocols above a link
 *	loopback.c                   the one link that there is yet
 *	netif.c netlink.c netproc.c  what programs ask about the network
 *
 * Everything here belongs to the holder of the run token. Delivery over the
 * loopback is immediate: the sender puts its bytes into the receiver's queue
 * within its own call. That is deterministic (the order of calls is), needs no
 * timer a message, and virtual time passes all the same, since each call costs
 * some; a link with a latency puts TIMER_SOCKET events where loopback.c calls.
 */
#ifndef SUNDIAL_SIMKERNEL_NET_H
#define SUNDIAL_SIMKERNEL_NET_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "simkernel/arena.h"
#include "simkernel/file.h"
#include "simkernel/syscall.h"

#define NET_BUCKETS	 1024
#define UNIX_PATH_BYTES	 108
#define SHUT_RECV	 1u /* bits of socket.shut: what is closed */
#define SHUT_SEND	 2u
#define SHUT_BOTH	 3u
#define SCM_FDS_MAX	 253
#define PORT_FIRST	 32768 /* ip_local_port_range */
#define PORT_LAST	 60999
#define TCP_TW_MAX	 8192
#define TCP_TW_NS	 (60 * NSEC_PER_SEC)
#define SOMAXCONN_SYSCTL 4096

#define EV_IN  (POLLIN | POLLRDNORM)
#define EV_OUT (POLLOUT | POLLWRNORM | POLLWRBAND)

enum proto {
	PROTO_UNIX_STREAM,
	PROTO_UNIX_SEQPACKET,
	PROTO_UNIX_DGRAM,
	PROTO_TCP,
	PROTO_UDP,
	PROTO_NETLINK,
	PROTOS,
};

/* Linux's names and numbers (TCP_INFO and /proc/net show them), for UNIX sockets too. */
enum sock_state {
	ST_ESTABLISHED = 1,
	ST_SYN_SENT,
	ST_SYN_RECV,
	ST_FIN_WAIT1,
	ST_FIN_WAIT2,
	ST_TIME_WAIT,
	ST_CLOSE,
	ST_CLOSE_WAIT,
	ST_LAST_ACK,
	ST_LISTEN,
	ST_CLOSING,
};

/* An address and port; IPv4 is kept v4-mapped. Port in host byte order. */
struct inet_addr {
	u8 ip[16];
	u16 port;
};

/* A bound UNIX address, shared by a listener and what it accepted. */
struct unix_name {
	u32 refs;
	u32 len;	  /* bytes of text that count; 0 is no name */
	struct list link; /* sock_table.unix_path or unix_abstract; self: not found any more */
	struct socket *owner;
	u64 dev, ino; /* of a path: the host's node */
	char text[UNIX_PATH_BYTES];
};

struct scm_fds {
	u32 n;
	struct {
		struct file *file;
		s32 parcel; /* slot of the host descriptor in the parcel store, or -1 */
	} ent[];
};

struct scm {
	s32 pid;
	u32 uid, gid;
	struct scm_fds *fds;
};

/* A message, or a piece of a stream. */
struct skb {
	struct list link;
	u32 off, len; /* what is left: data[off, off + len) */
	u32 cap, charge;
	u64 stamp_ns;
	struct socket *owner; /* whose send buffer it is charged to */
	union {
		struct {
			struct scm scm;
			struct unix_name *from;
		} unx;
		struct {
			struct inet_addr from, to;
			u16 error;    /* on the error queue: errno */
			u16 protocol; /* UDP or UDP-Lite */
			u8 ttl, tos;
		} inet;
	};
	u8 data[];
};

struct skb_queue {
	struct list list;
	u32 count; /* of messages, or blocks */
	u64 bytes; /* of payload */
	u64 charge;
};

struct unix_sock {
	struct unix_name *name;
	struct scm peercred;
	struct waitq room;   /* calls of others that wait for room here */
	struct list senders; /* unix_sock.sender_link of those that poll for it */
	struct list sender_link;
	u32 inflight; /* unixgc.c: files in messages that are this socket's */
	bool garbage; /* only such messages hold it */
};

/* What connect(2) says next; a reset connection stays CONNECTED. */
enum inet_phase { PHASE_UNCONNECTED, PHASE_CONNECTING, PHASE_CONNECTED };

/* Urgent data: one byte of the stream that is marked. */
enum urgent { URGENT_NONE, URGENT_VALID, URGENT_READ };

struct inet_sock {
	struct inet_addr local, remote;
	struct list port_link;	 /* in sock_table.ports: owns its local port */
	struct list listen_link; /* in sock_table.listeners */
	u8 phase;		 /* enum inet_phase */
	bool done;		 /* the peer's FIN is here */
	bool port_locked;	 /* bind named the port: it outlives a failed connect */
	bool addr_locked;
	u8 syn_tries;
	u8 ttl, tos, mc_ttl, mc_loop;
	u8 hops, mc_hops, tclass;
	bool v6only, bind_no_port, mc_all, pktinfo, recv_ttl, recv_tos, recverr, freebind;
	bool pktinfo6, recv_hops, recv_tclass, recverr6, recv_origdst;
	u32 mtu_discover, mtu_discover6;
	u32 send_cscov, recv_cscov; /* UDP-Lite; nothing is ever damaged here */
	bool nodelay, cork, quickack;
	u32 keepidle, keepintvl, keepcnt, user_timeout, defer_accept, window_clamp, syncnt;
	s32 linger2;
	u32 notsent_lowat, fastopen;
	char congestion[16];
	u8 urgent, urgent_byte; /* enum urgent */
	u64 urgent_at;		/* its place, counted as bytes_in is */
	u64 bytes_in, bytes_out, segs_in, segs_out;
	u64 last_in_ns, last_out_ns;
	u32 mc_if;
	struct list groups; /* struct mc_group */
	struct skb *corked; /* a datagram that is not complete yet */
	bool udp_cork;
};

struct netlink_sock {
	u32 portid, groups;
	bool bound;
	u32 dst_portid, dst_groups;
	bool pktinfo, ext_ack, cap_ack, no_enobufs, strict;
};

struct socket {
	u32 refs;
	u8 proto;  /* enum proto */
	u8 family; /* AF_* */
	u8 type;   /* SOCK_* */
	u8 state;  /* enum sock_state */
	u16 protocol;
	u8 shut;
	bool dead; /* its file is closed */
	s32 err;   /* pending, positive */
	struct host *host;
	struct file *file; /* NULL: not accepted yet, or closed */
	struct list link;  /* sock_table.all */
	u64 ino;
	u32 uid;
	struct socket *peer; /* with a reference */
	struct skb_queue rx, errq;
	u64 wmem; /* charged to our send buffer */
	u32 sndbuf, rcvbuf, rcvlowat;
	bool sndbuf_locked, rcvbuf_locked;
	bool nospace;		      /* somebody saw this socket full and waits for POLLOUT */
	u64 rcvtimeo_ns, sndtimeo_ns; /* TIME_NEVER: none */
	bool reuseaddr, reuseport, broadcast, keepalive, oobinline, passcred, passsec;
	bool dontroute, timestamp, timestampns, linger_on, nofcs, rxq_ovfl, zerocopy, debug;
	bool no_check;
	u32 linger_s, priority, mark, busy_poll, incoming_cpu;
	u64 last_stamp_ns;

	/* Listening: children that nobody accepted yet, linked by accept_link */
	struct list accept_queue;
	u32 naccept, backlog;
	struct list accept_link;
	struct socket *listener; /* while on its accept queue; no reference */

	struct timer timer; /* holds a reference while armed */
	union {
		struct unix_sock unx;
		struct inet_sock in;
		struct netlink_sock nl;
	};
};

/* A closed connection whose local port and pair are not free again yet. */
struct time_wait {
	struct list link;  /* sock_table.ports */
	struct list order; /* sock_table.time_waits, oldest first */
	struct inet_addr local, remote;
	u64 expiry_ns;
	bool reuseaddr, v6;
};

/*
 * Host descriptors in flight (scm.c), kept by the supervisor (user/sim/parcel.c):
 * datagrams to the keeper's address, a PUT with the descriptor beside it, a GET
 * answered by one.
 */
#define PARCELS 1024
enum parcel_state { PARCEL_UNUSED, PARCEL_HELD, PARCEL_DROPPED };
enum parcel_op { PARCEL_PUT = 1, PARCEL_GET };
struct parcel_message {
	u32 op, slot;
};

struct sock_table { /* host->sockets */
	struct list all;
	u64 next_ino;
	u32 count;
	struct list tcp_ports[NET_BUCKETS], udp_ports[NET_BUCKETS];
	struct list listeners[NET_BUCKETS];
	struct list time_wait[NET_BUCKETS]; /* struct time_wait, by local port */
	struct list time_waits;
	u32 ntime_wait;
	u16 next_port[2]; /* TCP, UDP */
	struct list unix_path[NET_BUCKETS], unix_abstract[NET_BUCKETS];
	u32 next_auto; /* autobind's number */
	/* The host's own address besides the loopback's, if it has one */
	u8 own_ip4[4], own_ip6[16];
	u8 own_prefix4, own_prefix6;
	bool has_ip4, has_ip6;
	u64 rx_bytes, rx_packets; /* of lo; what goes out comes in */
	u32 inflight;		  /* UNIX sockets in messages */
	bool collecting;	  /* unix_gc() is at work */
	u8 parcel[PARCELS];	  /* enum parcel_state */
	u32 next_parcel;
	u8 keeper[sizeof(struct sockaddr_un)]; /* the keeper's address on the host */
	u32 keeper_len;			       /* 0: there is none */
};

/* A message on its way into or out of a socket. */
struct sockmsg {
	const struct iovec *iov;
	u32 niov;
	u32 flags; /* MSG_*, with MSG_DONTWAIT for O_NONBLOCK */
	size_t len;
	union {
		struct sockaddr sa;
		u8 name[128];
	};
	u32 namelen;			       /* 0: none */
	u64 control, controllen, control_used; /* guest memory */
	u32 out_flags;
	/* Sending: from control messages */
	struct inet_addr pktinfo;
	bool has_pktinfo, has_ttl, has_tos;
	u8 ttl, tos;
};

struct proto_ops {
	long (*bind)(struct thread *th, struct socket *sk, const struct sockmsg *name);
	long (*connect)(struct thread *th, struct socket *sk, struct sockmsg *name);
	long (*listen)(struct thread *th, struct socket *sk, u32 backlog);
	long (*send)(struct thread *th, struct socket *sk, struct sockmsg *m);
	long (*recv)(struct thread *th, struct socket *sk, struct sockmsg *m);
	long (*shutdown)(struct thread *th, struct socket *sk, u32 how);
	/* Fills m->name and m->namelen. */
	long (*getname)(struct socket *sk, bool peer, struct sockmsg *m);
	u32 (*poll)(struct thread *th, struct socket *sk);
	/* The file is gone. */
	void (*close)(struct host *h, struct socket *sk);
};
extern const struct proto_ops *const proto_ops[PROTOS];
extern const struct proto_ops unix_stream_ops, unix_dgram_ops, tcp_ops, udp_ops, netlink_ops;

/* socket.c */
struct sock_table *sock_table(struct host *h);
struct socket *sock_create(struct host *h, enum proto proto, int family, int type, int protocol);
void sock_get(struct socket *sk);
void sock_put(struct socket *sk);
/* The socket behind fd, held for the call; *err says -EBADF or -ENOTSOCK. */
struct socket *sock_fd(struct thread *th, int fd, long *err);
void sock_wake(struct socket *sk, u32 events);
/* Takes the pending error: its negative, or 0. */
long sock_error(struct socket *sk);
u64 sock_deadline(struct socket *sk, u64 timeo_ns, u32 msg_flags);
bool sock_nonblock(struct socket *sk, u32 msg_flags);
long sock_broken_pipe(struct thread *th, u32 msg_flags); /* SIGPIPE, -EPIPE */
bool sock_accept_full(struct socket *sk);
void sock_accept_add(struct socket *listener, struct socket *child);
void sock_accept_del(struct socket *child);
u32 sock_listen_poll(struct socket *sk);
long sock_send(struct thread *th, struct socket *sk, struct sockmsg *m);
long sock_recv(struct thread *th, struct socket *sk, struct sockmsg *m);

/*
 * Waits in a socket call until cond. 0; -EAGAIN when the time-out passed;
 * interrupted, what Linux gives: restartable only without a time-out.
 */
#define SOCK_WAIT(th, sk, events, cond, deadline_ns)                           \
	({                                                                     \
		u64 until_ = (deadline_ns);                                    \
		long slept_;                                                   \
		(th)->task->wait.key = (events) | POLLERR | POLLHUP;           \
		(th)->task->wait.exclusive = false;                            \
		slept_ = WAIT_ON((th), &(sk)->file->wait, (cond), until_);     \
		if (slept_ == -ETIMEDOUT)                                      \
			slept_ = -EAGAIN;                                      \
		else if (slept_)                                               \
			slept_ = until_ == TIME_NEVER ? -ERESTARTSYS : -EINTR; \
		slept_;                                                        \
	})

/* sockmsg.c */
/* Appends a control message as far as there is room. */
void cmsg_put(struct sockmsg *m, int level, int type, const void *data, size_t len);
/* Iterates over the control messages of a send; *at starts at 0. 1, 0 at the end, or an error. */
long cmsg_next(struct sockmsg *m, u64 *at, struct cmsghdr *hdr, u64 *data);
void sock_recv_stamp(struct socket *sk, struct sockmsg *m, u64 stamp_ns);

/* sockbuf.c */
void skbq_init(struct skb_queue *q);
struct skb *skb_alloc(struct host *h, u32 cap);
void skb_free(struct host *h, struct skb *skb);
/* Charges it to owner's send buffer. */
void skb_charge(struct skb *skb, struct socket *owner, u32 charge);
void skb_uncharge(struct skb *skb, u32 charge);
void skbq_add(struct skb_queue *q, struct skb *skb);
void skbq_del(struct skb_queue *q, struct skb *skb);
void skbq_purge(struct host *h, struct skb_queue *q);
struct skb *skbq_first(struct skb_queue *q);
/* What a message of len bytes weighs against a buffer limit. */
u32 skb_truesize(u32 len);
/* One whole message from a guest's iovec. NULL: *err. */
struct skb *skb_from_iov(struct host *h, const struct sockmsg *m, long *err);
/* Copies a message out: bytes copied, MSG_TRUNC set when it was longer; -EFAULT. */
long skb_to_iov(struct skb *skb, struct sockmsg *m);
/* Appends n bytes of m from byte skip on to dst's stream, charged to sk: bytes, or -ENOMEM,
 * -EFAULT. */
long stream_append(struct socket *sk, struct socket *dst, const struct sockmsg *m, size_t skip,
		   size_t n, const struct scm *scm);
/* Takes n bytes that have been copied out from the first block. */
void stream_consume(struct socket *sk, struct skb *skb, u32 n);
/* Copies up to want bytes of a plain stream out, at byte done of m. Bytes or -EFAULT. */
long stream_take(struct socket *sk, struct sockmsg *m, size_t done, size_t want);

/* scm.c */
/* Reads credentials and rights from the control messages; takes references only if take. */
long scm_from_control(struct thread *th, struct sockmsg *m, struct scm *scm, bool take);
void scm_of_caller(struct thread *th, struct scm *scm);
void scm_drop(struct host *h, struct scm_fds *fds);
/* Writes credentials (if asked) and installs descriptors in the receiver. */
void scm_to_control(struct thread *th, struct socket *sk, struct sockmsg *m, const struct scm *scm);

/* unixname.c */
void unix_name_put(struct host *h, struct unix_name *n);
long unix_autobind(struct thread *th, struct socket *sk);
long unix_bind(struct thread *th, struct socket *sk, const struct sockmsg *name);
struct socket *unix_find(struct thread *th, struct socket *sk, const struct sockmsg *name,
			 long *err);
void unix_name_to(const struct unix_name *n, struct sockmsg *m);
void unix_unbind(struct socket *sk);
/* unix.c */
/* There is room again on sk's queue, or nobody will ever read it. */
void unix_room(struct socket *sk);
/*
 * Sleeps once for room at other. Nothing but task->wait is left behind, and
 * other may be gone afterwards: the caller looks everything up again.
 */
long unix_wait_room(struct thread *th, struct socket *other, u64 deadline_ns);
void unix_pair(struct thread *th, struct socket *a, struct socket *b);
void unix_set_peer(struct socket *sk, struct socket *peer);
bool unix_writable(struct socket *sk);
u32 unix_shut_poll(struct socket *sk);
/* Operations that streams and sequenced packets share, and datagrams mostly. */
long unix_connect(struct thread *th, struct socket *sk, struct sockmsg *m);
long unix_listen(struct thread *th, struct socket *sk, u32 backlog);
long unix_getname(struct socket *sk, bool peer, struct sockmsg *m);
long unix_shutdown(struct thread *th, struct socket *sk, u32 how);
void unix_close(struct host *h, struct socket *sk);

/* unixgc.c */
void unix_gc(struct host *h);
/* A file goes into a message, or comes out of one. */
void unix_gc_count(struct host *h, struct file *f, int change);

/* inet.c */
bool inet_is_mapped(const u8 *ip);
bool inet_is_any(const u8 *ip);
bool inet_is_loopback(const u8 *ip);
bool inet_is_multicast(const u8 *ip);
bool inet_is_broadcast(const u8 *ip);
bool inet_is_local(struct sock_table *t, const u8 *ip);
bool inet_same(const u8 *a, const u8 *b);
void inet_set_v4(u8 *ip, u32 addr_be);
u32 inet_get_v4(const u8 *ip);
/* A socket address of sk's family from m->name: 0, -EINVAL, -EAFNOSUPPORT. */
long inet_addr_from(struct socket *sk, const struct sockmsg *m, struct inet_addr *out);
void inet_addr_to(struct socket *sk, const struct inet_addr *a, struct sockmsg *m);
/* The address that a packet to dst leaves from. 0 or -ENETUNREACH. */
long inet_route(struct socket *sk, struct inet_addr *dst, u8 *src);
void inet_init(struct socket *sk);
long inet_bind(struct thread *th, struct socket *sk, const struct sockmsg *name);
long inet_getname(struct socket *sk, bool peer, struct sockmsg *m);
/* inetopt.c */
long inet_setsockopt(struct thread *th, struct socket *sk, int level, int name, u64 val, u32 len);
long inet_getsockopt(struct thread *th, struct socket *sk, int level, int name, void *buf,
		     u32 *len);
void inet_groups_drop(struct socket *sk);
bool inet_in_group(struct socket *sk, const u8 *ip);

/* inetport.c */
struct list *port_bucket(struct socket *sk, u16 port);
/* Takes the port, or any free one for 0: 0 or -EADDRINUSE. */
long port_take(struct socket *sk, u16 port);
/* The same for a connect: the pair with remote must be free. */
long port_autobind(struct socket *sk);
void port_release(struct socket *sk);
/* A child shares its listener's port. */
void port_inherit(struct socket *child);
bool port_conflict(struct socket *sk, u16 port);
void time_wait_add(struct socket *sk);
void time_wait_expire(struct host *h);

/* tcp.c */
struct socket *tcp_find_listener(struct host *h, const struct inet_addr *dst, u16 src_port);
/* What one end hears from its link. */
enum tcp_answer { TCP_ACCEPTED, TCP_REFUSED, TCP_DROPPED };
enum tcp_answer tcp_hear_syn(struct socket *listener, struct socket *from);
void tcp_hear_fin(struct socket *sk);
void tcp_hear_reset(struct socket *sk);
/* The byte that came last is urgent. */
void tcp_hear_urgent(struct socket *sk);
void tcp_syn_timeout(struct socket *sk);
/* tcpdata.c */
long tcp_send(struct thread *th, struct socket *sk, struct sockmsg *m);
long tcp_recv(struct thread *th, struct socket *sk, struct sockmsg *m);
u32 tcp_poll(struct thread *th, struct socket *sk);
/* Bytes between here and the other end's reader that exceed its window. */
u32 tcp_pending_out(struct socket *sk);
/* Bytes that can be read before the urgent mark, if there is one. */
u64 tcp_readable(struct socket *sk);
bool tcp_at_mark(struct socket *sk);

/* loopback.c: carries what a socket sends to the other end, now. */
enum tcp_answer loop_syn(struct socket *sk);
void loop_fin(struct socket *sk);
void loop_reset(struct socket *sk);
/* Bytes that the other end took, 0 when full, -EPIPE when it is gone. */
long loop_data(struct socket *sk, const struct sockmsg *m, size_t skip, size_t n);
size_t loop_room(struct socket *sk);
/* Hands a datagram to whoever listens at its destination: 0 or -ECONNREFUSED. Consumes it. */
long loop_datagram(struct socket *sk, struct skb *skb);

/* udp.c */
void udp_hear(struct socket *sk, struct skb *skb);
/* UDP_CORK is taken off: what was held goes out. */
void udp_uncork(struct socket *sk);
void udp_hear_unreachable(struct socket *sk, const struct inet_addr *dst, const struct skb *skb);
long udp_recv_error(struct socket *sk, struct sockmsg *m);

/* netproc.c: the text of /proc/net/NAME; its whole length, or -ENOENT. */
long net_proc_text(struct host *h, const char *name, char *buf, size_t size);

#endif
