/** Advice of annotated methods: converts calls to charges, and rejections to the fallback or an exception. */
@NullMarked
package io.ratelimit.aop;

import org.jspecify.annotations.NullMarked;
