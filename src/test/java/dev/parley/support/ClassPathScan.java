package dev.parley.support;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.FieldVisitor;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/**
 * Finds what a JVM would miss that has a set of jars, and nothing else, on its class path. Class files are read, not loaded: a JVM
 * resolves a reference when the instruction with it runs for the first time, so loading and linking a class does not show it.
 *
 * <p>A class counts as reached if the constant pool of a reached class names it, as a class, in a descriptor or as a string, or if
 * {@code META-INF/services} names it as a provider of a reached class. This says too much rather than too little.
 */
public final class ClassPathScan {

    private static final String SERVICES = "META-INF/services/";
    private static final String SUFFIX = ".class";

    /** Their methods take any descriptor. */
    private static final Set<String> SIGNATURE_POLYMORPHIC =
            Set.of("java/lang/invoke/MethodHandle", "java/lang/invoke/VarHandle");

    private final Map<String, byte[]> classes = new HashMap<>();
    private final Map<String, Path> jarOf = new HashMap<>();
    private final Map<String, List<String>> providers = new HashMap<>();
    private final Map<String, Optional<Members>> members = new HashMap<>();

    /** @param jars read as a JVM of this version reads them */
    public ClassPathScan(List<Path> jars) throws IOException {
        for (Path path : jars) {
            try (JarFile jar = new JarFile(path.toFile(), false, ZipFile.OPEN_READ, Runtime.version())) {
                for (JarEntry entry : jar.versionedStream()
                        .filter(each -> !each.isDirectory())
                        .toList()) {
                    String name = entry.getName();
                    if (name.endsWith(SUFFIX)) {
                        classes.put(withoutSuffix(name), bytes(jar, entry));
                        if (!name.equals("module-info.class")) {
                            jarOf.put(withoutSuffix(name), path);
                        }
                    } else if (name.startsWith(SERVICES)) {
                        service(name.substring(SERVICES.length()), new String(bytes(jar, entry), UTF_8));
                    }
                }
            }
        }
    }

    /**
     * A reference to what is not there.
     *
     * @param from name of the class with the reference
     * @param to name of the class, with {@code #}, name and descriptor if the class is there without that method or field
     */
    public record Missing(String from, String to) implements Comparable<Missing> {

        @Override
        public int compareTo(Missing other) {
            return toString().compareTo(other.toString());
        }

        @Override
        public String toString() {
            return from + " -> " + to;
        }
    }

    /**
     * What a scan has found.
     *
     * @param missing what the reached classes refer to and neither the jars nor the JDK have
     * @param idle names of the jars with classes of which none is reached
     */
    public record Found(SortedSet<Missing> missing, SortedSet<String> idle) {}

    private record Members(Set<String> declared, List<String> supertypes) {}

    /** @param roots the classes that count as reached from the beginning, by name, with dots */
    public Found scan(Predicate<String> roots) {
        Set<String> reached = new HashSet<>();
        classes.keySet().stream().filter(name -> roots.test(dotted(name))).forEach(reached::add);
        Deque<String> unread = new ArrayDeque<>(reached);
        SortedSet<Missing> missing = new TreeSet<>();
        while (!unread.isEmpty()) {
            String from = unread.remove();
            References references = new References(Objects.requireNonNull(classes.get(from)));
            Set<String> found = new HashSet<>(references.types);
            found.addAll(references.strings);
            found.addAll(providers.getOrDefault(from, List.of()));
            found.stream().filter(classes::containsKey).filter(reached::add).forEach(unread::add);
            for (String type : references.types) {
                if (members(type).isEmpty()) {
                    missing.add(new Missing(dotted(from), dotted(type)));
                }
            }
            for (Member member : references.members) {
                if (!has(member.owner, member.name + member.descriptor)) {
                    String to = dotted(member.owner) + "#" + member.name + member.descriptor;
                    missing.add(new Missing(dotted(from), to));
                }
            }
        }
        return new Found(missing, idle(reached));
    }

    private SortedSet<String> idle(Set<String> reached) {
        SortedSet<String> idle = new TreeSet<>();
        jarOf.values().forEach(jar -> idle.add(jar.getFileName().toString()));
        jarOf.forEach((name, jar) -> {
            if (reached.contains(name)) {
                idle.remove(jar.getFileName().toString());
            }
        });
        return idle;
    }

    /** Also if a class on the way up is missing: that one is told where it is referred to. */
    private boolean has(String owner, String member) {
        if (SIGNATURE_POLYMORPHIC.contains(owner)) {
            return true;
        }
        return members(owner)
                .map(it -> it.declared.contains(member)
                        || it.supertypes.stream().anyMatch(supertype -> has(supertype, member)))
                .orElse(true);
    }

    private Optional<Members> members(String type) {
        Optional<Members> known = members.get(type);
        if (known == null) {
            known = read(type).map(ClassPathScan::members);
            members.put(type, known);
        }
        return known;
    }

    private Optional<byte[]> read(String type) {
        byte[] own = classes.get(type);
        if (own != null) {
            return Optional.of(own);
        }
        try (InputStream jdk = ClassLoader.getPlatformClassLoader().getResourceAsStream(type + SUFFIX)) {
            return jdk == null ? Optional.empty() : Optional.of(jdk.readAllBytes());
        } catch (IOException e) {
            throw new IllegalStateException("can't read " + type, e);
        }
    }

    private static Members members(byte[] file) {
        ClassReader reader = new ClassReader(file);
        Set<String> declared = new HashSet<>();
        ClassVisitor visitor = new ClassVisitor(Opcodes.ASM9) {
            @Override
            public @Nullable MethodVisitor visitMethod(
                    int access, String name, String descriptor, String s, String[] thrown) {
                declared.add(name + descriptor);
                return null;
            }

            @Override
            public @Nullable FieldVisitor visitField(
                    int access, String name, String descriptor, String s, Object value) {
                declared.add(name + descriptor);
                return null;
            }
        };
        reader.accept(visitor, ClassReader.SKIP_CODE | ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES);
        List<String> supertypes = new ArrayList<>(List.of(reader.getInterfaces()));
        // An interface, too, has the methods of Object.
        supertypes.add(0, reader.getSuperName());
        supertypes.removeIf(name -> name == null);
        return new Members(declared, supertypes);
    }

    private record Member(String owner, String name, String descriptor) {}

    /** What a constant pool names (JVMS 4.4). */
    private static final class References {

        private static final int CLASS = 7;
        private static final int STRING = 8;
        private static final int FIELD = 9;
        private static final int METHOD = 10;
        private static final int INTERFACE_METHOD = 11;
        private static final int NAME_AND_TYPE = 12;
        private static final int METHOD_TYPE = 16;

        private final Set<String> types = new HashSet<>();
        private final Set<String> strings = new HashSet<>();
        private final Set<Member> members = new HashSet<>();

        References(byte[] file) {
            ClassReader reader = new ClassReader(file);
            char[] buffer = new char[reader.getMaxStringLength()];
            for (int i = 1; i < reader.getItemCount(); i++) {
                int at = reader.getItem(i);
                // The second half of a long or double has none.
                int tag = at == 0 ? 0 : reader.readByte(at - 1);
                switch (tag) {
                    case CLASS -> type(Type.getObjectType(reader.readUTF8(at, buffer)));
                    case STRING -> strings.add(reader.readUTF8(at, buffer).replace('.', '/'));
                    case NAME_AND_TYPE -> descriptor(reader.readUTF8(at + 2, buffer));
                    case METHOD_TYPE -> descriptor(reader.readUTF8(at, buffer));
                    case FIELD, METHOD, INTERFACE_METHOD -> {
                        String owner = reader.readClass(at, buffer);
                        int named = reader.getItem(reader.readUnsignedShort(at + 2));
                        // An array has the methods of Object.
                        if (!owner.startsWith("[")) {
                            members.add(new Member(
                                    owner, reader.readUTF8(named, buffer), reader.readUTF8(named + 2, buffer)));
                        }
                    }
                    default -> {}
                }
            }
        }

        private void descriptor(String descriptor) {
            if (descriptor.startsWith("(")) {
                List.of(Type.getArgumentTypes(descriptor)).forEach(this::type);
                type(Type.getReturnType(descriptor));
            } else {
                type(Type.getType(descriptor));
            }
        }

        private void type(Type type) {
            Type element = type.getSort() == Type.ARRAY ? type.getElementType() : type;
            if (element.getSort() == Type.OBJECT) {
                types.add(element.getInternalName());
            }
        }
    }

    private void service(String type, String file) {
        List<String> named = file.lines()
                .map(line -> line.replaceFirst("#.*", "").strip().replace('.', '/'))
                .filter(line -> !line.isEmpty())
                .toList();
        providers
                .computeIfAbsent(type.replace('.', '/'), any -> new ArrayList<>())
                .addAll(named);
    }

    private static byte[] bytes(JarFile jar, JarEntry entry) throws IOException {
        try (InputStream in = jar.getInputStream(entry)) {
            return in.readAllBytes();
        }
    }

    private static String withoutSuffix(String file) {
        return file.substring(0, file.length() - SUFFIX.length());
    }

    private static String dotted(String type) {
        return type.replace('/', '.');
    }
}
