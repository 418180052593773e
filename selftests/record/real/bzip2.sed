# CVE-2016-3189: bzip2recover forgets that it has closed the file of a block.
/bsClose ( bsWr );/{
n
/outFile = NULL/d
}
