package dev.parley;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import io.smallrye.config.WithDefault;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Publisher;

/** Packages are floors: what is on one floor may only use what is on floors below, and {@code node} alone wires them. */
final class ArchitectureTest {

    private static final String ROOT = "dev.parley";

    /** The ground floor first. Packages that are still to come have their place already. */
    private static final List<List<String>> FLOORS = List.of(
            List.of("error", "event", "metrics", "support"),
            List.of("protocol"),
            List.of("redis", "postgres", "auth", "http"),
            List.of("resilience", "archive"),
            List.of("store"),
            List.of("publish"),
            List.of("ingest", "hub", "session", "llmcache", "audit", "leaderboard", "ratelimit"),
            List.of("inbox"),
            List.of("websocket", "sse", "api", "openai", "console", "demo"),
            List.of("config"),
            List.of("node"),
            List.of("cli"));

    /** What is still to be mended. */
    private static final Set<String> WITH_CIRCLES = Set.of("redis");

    private static final JavaClasses PARLEY = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(ROOT);

    @ParameterizedTest
    @MethodSource("packages")
    void importsOnlyGoDown(String name) {
        noClasses()
                .that()
                .resideInAPackage(under(name))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(above(name))
                .because("imports only go down, and packages on one floor do not know each other")
                .check(PARLEY);
    }

    @Test
    void everyPackageHasAFloor() {
        assertThat(packages())
                .isNotEmpty()
                .allSatisfy(name ->
                        assertThat(floor(name)).describedAs("floor of %s", name).isNotNegative());
    }

    @Test
    void theDemoAgentKnowsNothingOfParley() {
        noClasses()
                .that()
                .resideInAPackage(under("demo"))
                .should()
                .dependOnClassesThat(resideInAPackage(ROOT + "..").and(resideOutsideOfPackage(under("demo"))))
                .because("it is an agent as anyone would write it")
                .check(PARLEY);
    }

    @Test
    void theSemanticCacheKnowsNothingOfTheOneThatUsesIt() {
        noClasses()
                .that()
                .resideInAPackage(under("llmcache.semantic"))
                .should()
                .dependOnClassesThat(resideInAPackage(ROOT + ".llmcache"))
                .because("it knows questions, not answers")
                .check(PARLEY);
    }

    @Test
    void everyPackageIsNullMarkedAndSaysWhatItIsFor() {
        assertThat(PARLEY.getPackage(ROOT).getSubpackagesInTree())
                .filteredOn(each -> !each.getClasses().isEmpty())
                .isNotEmpty()
                .allSatisfy(each -> assertThat(each.isAnnotatedWith(NullMarked.class))
                        .describedAs("%s has a package-info.java with @NullMarked", each.getName())
                        .isTrue());
    }

    @Test
    void onlyConfigKnowsTheLibraryThatReadsSettings() {
        noClasses()
                .that()
                .resideOutsideOfPackage(under("config"))
                .should()
                .dependOnClassesThat(resideInAPackage("io.smallrye..").and(not(type(WithDefault.class))))
                .because("a package declares its settings and their defaults, config alone reads them")
                .check(PARLEY);
    }

    @Test
    void onlyTheRoofBlocks() {
        noClasses()
                .that()
                .resideOutsideOfPackages(under("node"), under("cli"))
                .should()
                .callMethodWhere(JavaMethodCall.Predicates.target(owner(assignableTo(Publisher.class)))
                        .and(describe("blocks", call -> call.getName().startsWith("block"))))
                .because("event loops must not wait")
                .check(PARLEY);
    }

    @Test
    void namesSayWhatAThingIs() {
        noClasses()
                .should()
                .haveSimpleNameEndingWith("Impl")
                .orShould()
                .haveSimpleNameEndingWith("Utils")
                .orShould()
                .haveSimpleNameEndingWith("Helper")
                .check(PARLEY);
    }

    @ParameterizedTest
    @MethodSource("packages")
    void noPackageHasACircleOfClasses(String name) {
        assumeThat(WITH_CIRCLES).doesNotContain(name);
        slices().assignedFrom(classesOf(name)).should().beFreeOfCycles().check(PARLEY);
    }

    /** Each class of a package with those within it. */
    private static SliceAssignment classesOf(String name) {
        return new SliceAssignment() {
            @Override
            public SliceIdentifier getIdentifierOf(JavaClass type) {
                return type.getPackageName().equals(ROOT + "." + name)
                        ? SliceIdentifier.of(type.getName().replaceAll("\\$.*", ""))
                        : SliceIdentifier.ignore();
            }

            @Override
            public String getDescription() {
                return "the classes of " + name;
            }
        };
    }

    /** The packages there are, without {@link #ROOT}. */
    static List<String> packages() {
        return PARLEY.getPackage(ROOT).getSubpackages().stream()
                .map(JavaPackage::getRelativeName)
                .sorted()
                .toList();
    }

    private static String[] above(String name) {
        return FLOORS.stream()
                .skip(Math.max(0, floor(name)))
                .flatMap(List::stream)
                .filter(other -> !other.equals(name))
                .map(ArchitectureTest::under)
                .toArray(String[]::new);
    }

    private static int floor(String name) {
        return Stream.iterate(0, floor -> floor < FLOORS.size(), floor -> floor + 1)
                .filter(floor -> FLOORS.get(floor).contains(name))
                .findFirst()
                .orElse(-1);
    }

    private static String under(String name) {
        return ROOT + "." + name + "..";
    }
}
