-- Ends append.lua where nothing else is to be done with what it did.
return results
