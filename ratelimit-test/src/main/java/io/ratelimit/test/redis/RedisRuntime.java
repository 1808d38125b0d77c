package io.ratelimit.test.redis;

/** Where one server runs, and runs again after it ended: a directory of this machine, or Docker. */
interface RedisRuntime {

    /** Starts the server and waits until it answers; if it does not, it is ended. */
    void start();

    /** Ends the server at once, even a frozen one. What is no data, such as its place in a cluster, stays for the next start. */
    void end();

    /** Stops the server in the middle of whatever it does. Its connections stay open. */
    void freeze();

    /** Lets a frozen server go on. */
    void thaw();

    /** Leaves nothing behind; the server has ended. */
    void clear();
}
