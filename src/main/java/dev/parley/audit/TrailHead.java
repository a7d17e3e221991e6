package dev.parley.audit;

/** The end of a trail's chain: its last entry's number and mac. */
record TrailHead(long seq, String mac) {

    /** Of a trail that has no entries. */
    static final TrailHead NONE = new TrailHead(0, "");
}
