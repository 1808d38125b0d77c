package io.ratelimit.autoconfigure;

import java.lang.reflect.RecordComponent;
import java.util.Set;
import java.util.TreeSet;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.core.ResolvableType;

/** The names of the properties that a record is bound from. */
final class PropertyNames {

    private PropertyNames() {}

    /** {@return the names below the record's own, without indexes: {@code rates}, {@code rates.tokens}} */
    static Set<String> of(Class<?> type) {
        Set<String> names = new TreeSet<>();
        for (RecordComponent component : type.getRecordComponents()) {
            String name = DataObjectPropertyName.toDashedForm(component.getName());
            ResolvableType part = ResolvableType.forType(component.getGenericType());
            ResolvableType value =
                    part.asCollection().hasGenerics() ? part.asCollection().getGeneric() : part;
            names.add(name);
            if (value.toClass().isRecord()) {
                of(value.toClass()).forEach(nested -> names.add(name + "." + nested));
            }
        }
        return names;
    }
}
