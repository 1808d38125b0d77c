package io.ratelimit.autoconfigure;

/** Tells where a remote store is. A bean of this type is contributed by the feature that creates the store. */
@FunctionalInterface
public interface StoreAddress {

    /** {@return the address for people, such as {@code localhost:6379}, without secrets; empty if it is unknown} */
    String text();
}
