package dev.parley.llmcache.semantic;

import dev.parley.support.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;

/**
 * Everything that must be the same to the byte before questions are compared.
 *
 * @param tenant that owns the answers
 * @param namespace the tenant's own division
 * @param model that answers
 * @param context a hash of everything else that an answer depends on: system prompt, earlier turns, tools, parameters, epoch of
 *     invalidation
 * @param embedder its id: vectors of two embedders can't be compared
 */
public record Partition(String tenant, String namespace, String model, String context, String embedder) {

    /** Names it in keys: 40 hexadecimal digits. */
    String digest() {
        MessageDigest sha256 = Sha256.begin();
        for (String part : List.of(tenant, namespace, model, context, embedder)) {
            byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
            // With their lengths, so that no two partitions are the same text.
            sha256.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
            sha256.update(bytes);
        }
        return HexFormat.of().formatHex(sha256.digest(), 0, 20);
    }
}
