# SPDX-License-Identifier: GPL-2.0-or-later
"""Print what many random paths, built from names that lead into /proc and out, come to.

    paths.py SEED COUNT

Makes its own small tree in the current folder. What it prints must not depend on who
resolves the paths, the host's kernel or a simulation.
"""

import errno
import os
import random
import re
import stat
import sys

NAMES = """. .. .. to_proc here root_by_dots dir to_dir file to_fd long_way dangling loop proc sys
 dev null root cwd fd 0 missing exe inner comm devices system cpu thread-self task kernel ostype
 stdin bin""".split() + [""]
LINKS = {"to_proc": "/proc", "here": ".", "root_by_dots": "/tmp/..", "to_dir": "dir",
         "to_fd": "to_proc/self/fd", "long_way": "here/to_dir/../file", "dangling": "nowhere",
         "loop": "pool", "pool": "loop"}


def make_tree():
    os.makedirs("dir/inner", exist_ok=True)
    with open("file", "w") as f:
        f.write("text\n")
    for name, target in LINKS.items():
        if not os.path.islink(name):
            os.symlink(target, name)


def attempt(function, *args, **keys):
    try:
        return function(*args, **keys)
    except OSError as e:
        return errno.errorcode[e.errno]


def kind(st):
    return stat.filemode(st.st_mode)[0]


def link_text(path, dir_fd):
    return re.sub(r"\d+", "N", os.readlink(path, dir_fd=dir_fd))


def opened(path, flags, dir_fd):
    fd = os.open(path, flags | os.O_NONBLOCK, dir_fd=dir_fd)
    st = os.fstat(fd)
    os.close(fd)
    return kind(st)


def random_path(chance):
    path = "/".join(chance.choice(NAMES) for _ in range(chance.randint(1, 7)))
    if chance.random() < 0.4:
        path = "/" + path
    if chance.random() < 0.1:
        path += "/"
    return path


def main(seed, count):
    make_tree()
    chance = random.Random(seed)
    folders = [None, os.open("/", os.O_RDONLY), os.open("/proc", os.O_RDONLY),
               os.open(".", os.O_PATH), os.open("/proc/self", os.O_PATH),
               os.open("file", os.O_RDONLY)]
    for _ in range(count):
        path, fd = random_path(chance), chance.choice(folders)
        if not path:
            continue
        print(folders.index(fd), path,
              attempt(lambda: kind(os.stat(path, dir_fd=fd))),
              attempt(lambda: kind(os.lstat(path, dir_fd=fd))),
              attempt(link_text, path, fd),
              attempt(opened, path, os.O_RDONLY, fd),
              attempt(opened, path, os.O_RDONLY | os.O_NOFOLLOW, fd),
              attempt(opened, path, os.O_PATH | os.O_NOFOLLOW, fd),
              attempt(opened, path, os.O_RDONLY | os.O_DIRECTORY, fd),
              attempt(os.access, path, os.R_OK, dir_fd=fd))


main(int(sys.argv[1]), int(sys.argv[2]))
