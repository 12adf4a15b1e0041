/* Java's ForkJoinPool and its fixed ThreadPoolExecutor, with the command line
 * and the output of the other peers (main.c). The virtual machine compiles
 * what is hot while it runs, so a few passes come before the sample. */
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.RecursiveTask;
import java.util.concurrent.TimeUnit;
import java.util.function.LongUnaryOperator;

final class PeerJava {
    static final int PASSES = 5;
    static final int STEADY_TASKS = 100000;
    static final int WARM_UP_TASKS = 10000;
    static final int WARM_UP_TRIPS = 20000;

    static ExecutorService pool;
    static int workers;
    static long busySteps = 1;

    static long body(long number) { return 2 * number + 1; }

    static long busy(long number) {
        long state = number + 1;
        for (long i = number % 100 * busySteps; i > 0; i--) {
            state ^= state << 13;
            state ^= state >>> 7;
            state ^= state << 17;
        }
        return body(number) + (state == 0 ? 1 : 0);
    }

    static final class ItemError extends RuntimeException {
        final long code;

        ItemError(long number) {
            super("item " + number + " is not there");
            code = number + 1;
        }
    }

    static void require(boolean ok, String what) {
        if (!ok) {
            System.err.println("bench: " + what);
            System.exit(1);
        }
    }

    static void print(String key, double value) {
        System.out.printf("%s %.4f%n", key, value);
    }

    /* The virtual machine's own figure goes by hundredths of a second. */
    static long cpu() throws Exception {
        long sum = 0;
        for (File task : new File("/proc/self/task").listFiles()) {
            Path file = task.toPath().resolve("schedstat");
            try {
                sum += Long.parseLong(Files.readString(file).split(" ")[0]);
            } catch (java.io.IOException aThreadThatIsNoMore) {
            }
        }
        return sum;
    }

    static void printThreads() throws Exception {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("Threads:")) {
                System.out.println("threads " + line.substring(8).trim());
            }
        }
    }

    static long expected(int count) {
        long digest = 0;
        for (int i = 0; i < count; i++) {
            digest = digest * 31 + body(i);
        }
        return digest;
    }

    @SuppressWarnings("unchecked")
    static Future<Long>[] futures(int count) { return new Future[count]; }

    static void submit(Future<Long>[] futures, int from,
                       LongUnaryOperator of) {
        for (int i = from; i < futures.length; i++) {
            final long number = i;
            futures[i] = pool.submit(() -> of.applyAsLong(number));
        }
    }

    static long read(Future<Long>[] futures) throws Exception {
        long digest = 0;
        for (Future<Long> future : futures) {
            digest = digest * 31 + future.get();
        }
        return digest;
    }

    static long timeTasks(int count, LongUnaryOperator of) throws Exception {
        Future<Long>[] futures = futures(count);
        long start = System.nanoTime();
        submit(futures, 0, of);
        long digest = read(futures);
        long taken = System.nanoTime() - start;
        require(digest == expected(count), "wrong results");
        return taken;
    }

    static long timeBatch(int count) throws Exception {
        List<Callable<Long>> calls = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            final long number = i;
            calls.add(() -> body(number));
        }
        long start = System.nanoTime();
        long digest = 0;
        for (Future<Long> future : pool.invokeAll(calls)) {
            digest = digest * 31 + future.get();
        }
        long taken = System.nanoTime() - start;
        require(digest == expected(count), "wrong results");
        return taken;
    }

    interface Pass { long time() throws Exception; }

    static void stream(int count, Pass pass) throws Exception {
        int passes = 1 + (STEADY_TASKS - 1) / count;
        print("first", (double) pass.time() / count);
        for (int i = 2; i < PASSES * passes; i++) {
            pass.time();
        }
        long start = cpu();
        double taken = 0;
        for (int i = 0; i < passes; i++) {
            taken += pass.time();
        }
        double tasks = (double) count * passes;
        print("steady", taken / tasks);
        print("cpu", (cpu() - start) / tasks);
    }

    static void shared(int each, int callers) throws Exception {
        for (int i = 0; i < PASSES; i++) {
            timeTasks(each, PeerJava::body);
        }
        CyclicBarrier together = new CyclicBarrier(callers);
        long[] starts = new long[callers];
        long[] ends = new long[callers];
        Thread[] threads = new Thread[callers];
        long start = cpu();
        for (int i = 0; i < callers; i++) {
            final int me = i;
            threads[i] = new Thread(() -> {
                try {
                    Future<Long>[] futures = futures(each);
                    together.await();
                    starts[me] = System.nanoTime();
                    submit(futures, 0, PeerJava::body);
                    long digest = read(futures);
                    ends[me] = System.nanoTime();
                    require(digest == expected(each), "wrong results");
                } catch (Exception error) {
                    require(false, error.toString());
                }
            });
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        double tasks = (double) each * callers;
        long taken = Arrays.stream(ends).max().getAsLong()
            - Arrays.stream(starts).min().getAsLong();
        print("steady", taken / tasks);
        print("cpu", (cpu() - start) / tasks);
    }

    static final class Fib extends RecursiveTask<Long> {
        final int n;

        Fib(int n) { this.n = n; }

        @Override
        protected Long compute() {
            if (n < 2) {
                return (long) n;
            }
            Fib child = new Fib(n - 1);
            child.fork();
            long other = new Fib(n - 2).compute();
            return child.join() + other;
        }
    }

    static void fib(int n) throws Exception {
        long[] values = new long[n + 2];
        values[1] = 1;
        for (int i = 2; i <= n + 1; i++) {
            values[i] = values[i - 1] + values[i - 2];
        }
        long taken = 0;
        long used = 0;
        for (int i = 0; i < PASSES; i++) {
            long start = System.nanoTime();
            long cpu = cpu();
            long value = ((ForkJoinPool) pool).invoke(new Fib(n));
            taken = System.nanoTime() - start;
            used = cpu() - cpu;
            require(value == values[n], "wrong result");
        }
        double spawns = values[n + 1] - 1;
        print("steady", taken / spawns);
        print("cpu", used / spawns);
    }

    static long[] trips(int count, int pause) throws Exception {
        long[] taken = new long[count];
        for (int i = 0; i < count; i++) {
            if (pause > 0) {
                TimeUnit.MICROSECONDS.sleep(pause);
            }
            final long number = i;
            long start = System.nanoTime();
            long value = pool.submit(() -> body(number)).get();
            taken[i] = System.nanoTime() - start;
            require(value == body(number), "wrong result");
        }
        return taken;
    }

    static void trip(int count, int pause) throws Exception {
        trips(Math.min(WARM_UP_TRIPS, 20 * count), 0);
        trips(count / 10, pause);
        long start = cpu();
        long[] taken = trips(count, pause);
        print("cpu", (cpu() - start) / 1e9);
        Arrays.sort(taken);
        print("median", taken[count / 2] / 1e3);
        print("p99", taken[(int) (count * 99L / 100)] / 1e3);
    }

    static long timeSerial(int count) {
        long digest = 0;
        long start = System.nanoTime();
        for (int i = 0; i < count; i++) {
            digest = digest * 31 + busy(i);
        }
        long taken = System.nanoTime() - start;
        require(digest == expected(count), "wrong results");
        return taken;
    }

    static void runBusy(int count) throws Exception {
        long best = Long.MAX_VALUE;
        for (int i = 0; i < 200; i++) {
            busySteps = 1000;
            long start = System.nanoTime();
            require(busy(99) == 199, "xorshift is broken");
            best = Math.min(best, System.nanoTime() - start);
        }
        busySteps = 99L * 1000 * 1000 / best;
        timeTasks(count, PeerJava::body);
        long before = timeSerial(count);
        long taken = timeTasks(count, PeerJava::busy);
        long serial = Math.min(before, timeSerial(count));
        int cores = Runtime.getRuntime().availableProcessors();
        print("over", (double) taken * Math.min(cores, workers) / serial);
    }

    static double heap() {
        Runtime runtime = Runtime.getRuntime();
        System.gc();
        System.gc();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    static double queueAndRun(int count, double before) throws Exception {
        Future<Long>[] futures = futures(count);
        CountDownLatch waiting = new CountDownLatch(workers);
        CountDownLatch gate = new CountDownLatch(1);
        for (int i = 0; i < workers; i++) {
            final long number = i;
            futures[i] = pool.submit(() -> {
                waiting.countDown();
                gate.await();
                return body(number);
            });
        }
        waiting.await();
        submit(futures, workers, PeerJava::body);
        double queued = heap() - before;
        gate.countDown();
        require(read(futures) == expected(count), "wrong results");
        return queued;
    }

    static void memory(int tasks) throws Exception {
        int count = tasks + workers;
        queueAndRun(2 * workers, 0);
        double before = heap();
        print("queued", queueAndRun(count, before) / count);
        print("left", (heap() - before) / count);
        print("again", queueAndRun(count, before) / count);
    }

    static long timeErrors(int count) throws Exception {
        Future<Long>[] futures = futures(count);
        long digest = 0;
        long start = System.nanoTime();
        submit(futures, 0, number -> { throw new ItemError(number); });
        for (Future<Long> future : futures) {
            try {
                future.get();
            } catch (ExecutionException error) {
                /* A ForkJoinPool wraps what it carries to another thread. */
                Throwable cause = error;
                while (cause.getCause() != null) {
                    cause = cause.getCause();
                }
                require(cause.getMessage().length() > 10, "no message");
                digest = digest * 31 + ((ItemError) cause).code;
            }
        }
        long taken = System.nanoTime() - start;
        long expected = 0;
        for (int i = 0; i < count; i++) {
            expected = expected * 31 + i + 1;
        }
        require(digest == expected, "wrong errors");
        return taken;
    }

    static void errors(int count) throws Exception {
        timeTasks(count, PeerJava::body);
        timeTasks(count, PeerJava::body);
        print("plain", (double) timeTasks(count, PeerJava::body) / count);
        timeErrors(count);
        print("thrown", (double) timeErrors(count) / count);
    }

    static void idle(int ms) throws Exception {
        timeTasks(WARM_UP_TASKS, PeerJava::body);
        long start = cpu();
        Thread.sleep(ms);
        print("cpu", (cpu() - start) / 1e6);
    }

    static void run(String command, int count, int extra) throws Exception {
        LongUnaryOperator body = PeerJava::body;
        switch (command) {
            case "stream" -> stream(count, () -> timeTasks(count, body));
            case "batch" -> stream(count, () -> timeBatch(count));
            case "shared" -> shared(count, extra);
            case "fib" -> fib(count);
            case "trip" -> trip(count, extra);
            case "busy" -> runBusy(count);
            case "memory" -> memory(count);
            case "errors" -> errors(count);
            case "idle" -> idle(count);
            default -> require(false, "no command " + command);
        }
    }

    /* forkjoin|fixed COMMAND WORKERS COUNT [EXTRA] */
    public static void main(String[] words) throws Exception {
        boolean forks = words[0].equals("forkjoin");
        String command = words[1];
        workers = Integer.parseInt(words[2]);
        boolean number = words.length > 4 && !command.equals("fib");
        int extra = number ? Integer.parseInt(words[4]) : 0;
        System.out.println("name Java " + (forks ? "ForkJoinPool" : "fixed"));
        if (command.equals("fib") && !forks) {
            System.out.println("cannot deadlocks on a fixed pool");
            return;
        }
        System.out.println("note a future per task; after " + (PASSES - 1)
            + " passes" + (command.equals("memory") ? "; heap in use" : ""));
        pool = forks ? new ForkJoinPool(workers)
            : Executors.newFixedThreadPool(workers);
        run(command, Integer.parseInt(words[3]), extra);
        printThreads();
        pool.shutdown();
    }
}
