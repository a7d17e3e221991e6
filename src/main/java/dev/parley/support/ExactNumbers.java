package dev.parley.support;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;

/** Mappers whose trees write numbers as they were read: neither digits nor trailing zeros are lost. */
public final class ExactNumbers {

    private ExactNumbers() {}

    /** For values that the gateway has stored itself. */
    public static JsonMapper kept() {
        return exact(JsonMapper.builder());
    }

    /**
     * For values from others: one JSON value, in UTF-8 only. Two fields of one name are rejected, because other programs may use the first
     * one where the gateway uses the last.
     *
     * @param maxDepth maximum nesting of objects and arrays
     */
    public static JsonMapper sent(int maxDepth) {
        return exact(JsonMapper.builder(new JsonFactoryBuilder()
                        // Bytes with zeros among them would be taken for UTF-16 or UTF-32.
                        .disable(JsonFactory.Feature.CHARSET_DETECTION)
                        .streamReadConstraints(StreamReadConstraints.builder()
                                .maxNestingDepth(maxDepth)
                                // A picture is one string. Bodies are bounded where they are read.
                                .maxStringLength(Integer.MAX_VALUE)
                                .build())
                        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                        .build())
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS));
    }

    private static JsonMapper exact(JsonMapper.Builder mapper) {
        return mapper.enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                .enable(DeserializationFeature.USE_BIG_INTEGER_FOR_INTS)
                .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
                .build();
    }
}
