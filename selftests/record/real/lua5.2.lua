-- SPDX-License-Identifier: GPL-2.0-or-later
-- Many parameters and "...", on the small stack of a coroutine.
local names = {}
for i = 1, 100 do
	names[i] = "p" .. i
end
local many = load("return function(" .. table.concat(names, ",") .. ", ...) local a = ... return a end")()
local kept = {}
for i = 1, 50 do
	kept[i] = coroutine.wrap(many)
	kept[i]()
end
