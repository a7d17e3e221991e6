-- Ends append.lua when nothing else follows.
return results
