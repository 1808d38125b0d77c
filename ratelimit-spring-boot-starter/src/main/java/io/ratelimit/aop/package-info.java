/** Advice of annotated methods: it turns a call into charges, and a rejection into a fallback or an exception. */
@NullMarked
package io.ratelimit.aop;

import org.jspecify.annotations.NullMarked;
