package io.ratelimit.sample.documentation;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.springframework.beans.factory.config.YamlMapFactoryBean;
import org.springframework.beans.factory.config.YamlPropertiesFactoryBean;
import org.springframework.core.io.ByteArrayResource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Blocks of YAML as the properties of an application. */
final class YamlExample {

    /** The names of all properties that the class path documents; those of maps end with a dot. */
    private static final Set<String> DOCUMENTED = documented();

    private YamlExample() {}

    static String[] properties(String yaml) {
        var factory = new YamlPropertiesFactoryBean();
        factory.setResources(resource(yaml));
        return lines(factory.getObject());
    }

    /** The properties of several blocks, of which a later one replaces the limits of the same name. */
    static String[] merged(Collection<String> blocks) {
        Map<String, String> all = new LinkedHashMap<>();
        for (String yaml : blocks) {
            for (String limit : limits(yaml)) {
                all.keySet().removeIf(name -> name.matches("ratelimit\\.limits\\." + limit + "\\b.*"));
            }
            for (String line : properties(yaml)) {
                String[] property = line.split("=", 2);
                all.put(property[0], property[1]);
            }
        }
        return all.entrySet().stream()
                .map(property -> property.getKey() + "=" + property.getValue())
                .toArray(String[]::new);
    }

    /** The names of the limits that a block defines. */
    static Set<String> limits(String yaml) {
        var factory = new YamlMapFactoryBean();
        factory.setResources(resource(yaml));
        return factory.getObject().get("ratelimit") instanceof Map<?, ?> ours
                        && ours.get("limits") instanceof Map<?, ?> limits
                ? limits.keySet().stream().map(String::valueOf).collect(Collectors.toSet())
                : Set.of();
    }

    /** The properties of a block that nothing on the class path documents. */
    static List<String> undocumented(String yaml) {
        return List.of(properties(yaml)).stream()
                .map(property -> property.split("=", 2)[0].replaceAll("\\[\\d+]", ""))
                .filter(name -> !isDocumented(name))
                .toList();
    }

    /** Returns whether something on the class path documents a property, by itself or as an entry of a map. */
    static boolean isDocumented(String name) {
        return DOCUMENTED.contains(name)
                || DOCUMENTED.stream().anyMatch(map -> map.endsWith(".") && name.startsWith(map));
    }

    private static ByteArrayResource resource(String yaml) {
        return new ByteArrayResource(yaml.getBytes(StandardCharsets.UTF_8));
    }

    private static String[] lines(Properties properties) {
        return properties.entrySet().stream()
                .map(property -> property.getKey() + "=" + property.getValue())
                .toArray(String[]::new);
    }

    private static Set<String> documented() {
        Set<String> names = new TreeSet<>();
        try {
            for (URL metadata : Collections.list(
                    YamlExample.class.getClassLoader().getResources("META-INF/spring-configuration-metadata.json"))) {
                try (InputStream json = metadata.openStream()) {
                    for (JsonNode property : JsonMapper.shared().readTree(json).path("properties")) {
                        boolean map = property.path("type").asString("").startsWith("java.util.Map");
                        names.add(property.path("name").asString() + (map ? "." : ""));
                    }
                }
            }
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
        return names;
    }
}
