package io.ratelimit.aop.elsewhere.parent;

import io.ratelimit.annotation.RateLimited;

public class Parent {

    @RateLimited("ten")
    void hidden() {}
}
