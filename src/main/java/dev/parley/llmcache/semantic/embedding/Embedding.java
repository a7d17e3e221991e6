package dev.parley.llmcache.semantic.embedding;

/** What turns a question into a vector. */
public enum Embedding {
    /** Nothing: only the same question has the same answer. */
    NONE,
    /** A small model in this process. */
    MINILM,
    /** A service with OpenAI's API. */
    HTTP
}
