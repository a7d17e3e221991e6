package dev.parley.audit;

/** The end of a trail's chain: its last entry's number and MAC. */
record TrailHead(long seq, String mac) {

    /** The end of a trail without entries. */
    static final TrailHead NONE = new TrailHead(0, "");
}
