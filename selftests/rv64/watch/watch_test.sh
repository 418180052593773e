#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A riscv64 program in the VM, started as the kernel's binfmt_misc would start it.
exec ./sundial-binfmt-riscv64 ./watched ./watched
