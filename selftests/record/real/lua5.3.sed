# CVE-2019-6706: an upvalue that is joined with itself is freed and then used.
/^LUA_API void lua_upvaluejoin/,/^}/{
/if (\*up1 == \*up2)/,/return;/d
}
