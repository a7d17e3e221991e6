package dev.parley.audit;

/** The end of a trail's chain: its last entry's number and mac. */
record Head(long seq, String mac) {

    /** Of a trail that has no entries. */
    static final Head NONE = new Head(0, "");
}
