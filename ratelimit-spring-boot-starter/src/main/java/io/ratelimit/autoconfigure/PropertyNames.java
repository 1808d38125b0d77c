package io.ratelimit.autoconfigure;

import java.lang.reflect.RecordComponent;
import java.util.Set;
import java.util.TreeSet;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.core.ResolvableType;

/** The names of the properties that a record is bound from. */
final class PropertyNames {

    private PropertyNames() {}

    /** {@return the names below the record's own: {@code rates}, {@code rates[0]}, {@code rates[0].tokens}} */
    static Set<String> of(Class<?> type) {
        Set<String> names = new TreeSet<>();
        for (RecordComponent component : type.getRecordComponents()) {
            String name = DataObjectPropertyName.toDashedForm(component.getName());
            ResolvableType part = ResolvableType.forType(component.getGenericType());
            boolean list = part.asCollection().hasGenerics();
            ResolvableType value = list ? part.asCollection().getGeneric() : part;
            String element = list ? name + "[0]" : name;
            names.add(name);
            names.add(element);
            if (value.toClass().isRecord()) {
                of(value.toClass()).forEach(nested -> names.add(element + "." + nested));
            }
        }
        return names;
    }
}
