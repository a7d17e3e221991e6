/** Questions for a language model, who asks them, and a model that answers at once or after a while. */
@NullMarked
package dev.parley.bench.llm;

import org.jspecify.annotations.NullMarked;
