package io.ratelimit.aop

import io.ratelimit.annotation.RateLimited

/** A class as Kotlin writes it without the compiler plugin of Spring. */
class FinalKotlinClass {

    @RateLimited("ten") fun call() = Unit
}

open class FinalKotlinMethod {

    @RateLimited("ten") fun call() = Unit
}
