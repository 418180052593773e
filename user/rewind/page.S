/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page's style and script, as they are; assembled at the top of the tree. */
	.section .rodata, "a"
	.globl	page_css, page_js
page_css:
	.incbin	"user/rewind/page.css"
	.byte	0
page_js:
	.incbin	"user/rewind/page.js"
	.byte	0
	.section .note.GNU-stack, "", @progbits
