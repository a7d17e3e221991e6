package dev.parley.app;

/** Who turns a question into a vector. */
enum Embedding {
    /** Nobody: only the same question has the same answer. */
    NONE,
    /** A small model in this process. */
    MINILM,
    /** A service with OpenAI's API. */
    HTTP
}
