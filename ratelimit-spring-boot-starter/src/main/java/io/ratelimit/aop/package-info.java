/** What turns a call of an annotated method into charges, and a refusal into a fallback or an exception. */
@NullMarked
package io.ratelimit.aop;

import org.jspecify.annotations.NullMarked;
