package dev.parley.bench.report;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;

/** Text as an XML parser sees it. */
final class Xml {

    private Xml() {}

    static Document parse(String text) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(text.strip().getBytes(StandardCharsets.UTF_8)));
    }
}
