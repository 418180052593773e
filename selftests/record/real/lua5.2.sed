# CVE-2014-5461: no room is made for the parameters of a function with "...".
/^static StkId adjust_varargs/,/^}/{
/luaD_checkstack/d
}
