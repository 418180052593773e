#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The decoder against binutils' own: every 16-bit instruction and two million 32-bit
# words must be legal and have operands for both or for neither, but for the
# differences that are listed here with their reasons.
# TIMEOUT: 600

. selftests/tap.sh
need riscv64-linux-gnu-as riscv64-linux-gnu-objcopy riscv64-linux-gnu-objdump
dump=$top/build/selftests/rv64/isa/decode-dump
seed=${SEED:-20261121}
words=${WORDS:-2000000}

# objdump knows the extensions from an attribute; without symbols all is code.
printf '%s\n' '.attribute arch, "rv64imafdc_zicsr_zifencei_zihintpause_zba_zbb_zbs_zfh_zfhmin"' \
	.text nop >arch.s
riscv64-linux-gnu-as -o arch.o arch.s || exit 1
"$dump" generate "$seed" "$words" >bits
riscv64-linux-gnu-objcopy --strip-all --update-section .text=bits arch.o bits.o || exit 1

# One line an instruction, "bits text": without addresses, symbols and comments.
riscv64-linux-gnu-objdump -z -M no-aliases,numeric -d bits.o | awk -F'\t' '
	NF >= 3 {
		gsub(/ /, "", $2)
		text = $3 (NF > 3 ? " " $4 : "")
		sub(/ *[#<].*/, "", text)
		print $2 " " text
	}' >theirs
"$dump" bits >ours
is "$(wc -l <ours)" "$(wc -l <theirs)" "both find as many instructions (seed $seed)"
between "$(wc -l <ours)" $((words + 49152)) $((words + 49152)) "and as many as were written"

# Prints "reason<TAB>line" of every difference; no reason: the decoder is wrong.
paste -d '|' theirs ours | awk -F'|' '
	function why(bits, them, us,   word) {
		split(them, t, " ")
		split(us, u, " ")
		if (t[1] ~ /byte$/ && us == "-")
			return "same"
		if (them ~ /^csrr/ && t[1] == u[1]) { # registers by name
			sub(/,[^,]*,/, ",CSR,", them)
			return them == us ? "same" : ""
		}
		if (us == "-" && them ~ /,unknown$/)
			return "rounding modes 5 and 6 are reserved"
		if (t[1] ~ /byte$/ && u[1] ~ /^fence(\.i)?$/)
			return "reserved fields of fence and fence.i are ignored"
		if (u[1] == "fence" && t[1] ~ /^fence/)
			return "fm is ignored, or a set is empty"
		if (t[1] ~ /byte$/ && u[1] ~ /^czero/)
			return "binutils 2.40 does not know Zicond"
		if (u[1] ~ /^fcvt\.(d\.[swh]|d\.wu|s\.h)$/ &&
		    (t[1] ~ /byte$/ || them ",rne" == us))
			return "exact conversions have a rounding mode too"
		if (t[1] ~ /^c\.s..i64$/ && t[1] == u[1] "64")
			return "shifts by 0 are hints"
		if (us == "-" && t[1] ~ /^(uret|sret|mret|dret|hret|wfi|sfence|sinval|hfence|hinval|hlv|hsv)/)
			return "privileged instructions are illegal in user mode"
		if (us == "-" && bits == "6101")
			return "c.addi16sp 0 is reserved"
		if (us == "-" && bits == "0000")
			return "all zeros are illegal"
		return ""
	}
	{
		bits = substr($1, 1, index($1, " ") - 1)
		them = substr($1, index($1, " ") + 1)
		us = substr($2, index($2, " ") + 1)
		if (substr($2, 1, index($2, " ") - 1) != bits)
			reason = ""
		else
			reason = them == us ? "same" : why(bits, them, us)
		if (reason == "same")
			next
		print reason "\t" bits "\t" them "\t" us
	}' >differences
grep -P '^\t' differences >wrong
is "$(wc -l <wrong)" 0 "no difference without a reason" || head -40 wrong | sed 's/^/#   /'
while read -r reason; do
	between "$(grep -cF "$reason" differences)" 1 "$words" "it does differ where $reason"
done <<-REASONS
	rounding modes 5 and 6 are reserved
	reserved fields of fence and fence.i are ignored
	exact conversions have a rounding mode too
	shifts by 0 are hints
	c.addi16sp 0 is reserved
	all zeros are illegal
REASONS

# Reserved encodings that the specification names one by one.
legal() { # HALFWORD: prints what it decodes as
	printf "\\x${1:2:2}\\x${1:0:2}" >half
	"$dump" half | cut -d ' ' -f 2-
}
for half in 0000 0004 6101 6001 6281 2001 4002 6002 8002 9c41 9c61 8000; do
	is "$(legal $half)" - "$half is illegal"
done
is "$(legal 0001)" "c.addi x0,0" "0001 is c.nop"
is "$(legal 9002)" "c.ebreak" "9002 is c.ebreak"
is "$(legal 4001)" "c.li x0,0" "c.li to x0 is a hint"
is "$(legal 2002)" "c.fldsp f0,0(x2)" "c.fldsp to f0 is legal"
done_testing
