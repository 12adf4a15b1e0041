/* Runs the scenarios of a model under Relacy, and a mutant where one is
 * asked for: see model.h. */
#include <iostream>
#include <stdio.h>
#include <string>

#include "memory.hpp"
#include "mutant.hpp"

model::all_memory model::memory;
model::mutant model::chosen;

namespace
{

const model_scenario *running;

template <int threads> struct suite : rl::test_suite<suite<threads>, threads> {
    void before()
    {
        model::memory.begin();
        running->before();
    }

    void thread(unsigned index)
    {
        running->thread(index);
    }

    void after()
    {
        running->after();
        model::memory.end();
    }
};

/* How the executions went; the one that did not hold is told in full. */
rl::test_result_e run(const model_scenario &scenario, unsigned effort,
                      std::ostream &output)
{
    std::ostream nowhere(0);
    rl::test_params params;

    running = &scenario;
    params.iteration_count = (rl::iteration_t)scenario.executions * effort;
    params.output_stream = &output;
    params.progress_stream = &nowhere;
    params.execution_depth_limit = 20000;
    if (scenario.threads == 2)
        rl::simulate<suite<2>>(params);
    else if (scenario.threads == 3)
        rl::simulate<suite<3>>(params);
    else
        rl::simulate<suite<4>>(params);
    return params.test_result;
}

bool choose_mutant(const char *text)
{
    std::string rest(text);
    size_t first = rest.find(':');
    size_t second = rest.find(':', first + 1);

    if (first == std::string::npos || second == std::string::npos)
        return false;
    model::chosen.function = rest.substr(0, first);
    model::chosen.operation = rest.substr(first + 1, second - first - 1);
    model::chosen.change = rest.substr(second + 1);
    return true;
}

int run_mutant(const model_scenario *scenarios, size_t count, unsigned effort)
{
    std::ostream nowhere(0);

    for (size_t i = 0; i < count; i++) {
        rl::test_result_e result = run(scenarios[i], effort, nowhere);

        if (result != rl::test_result_success) {
            printf("caught by %s: %s\n", scenarios[i].name,
                   rl::test_result_str(result));
            return model::chosen.applied > 0 ? 0 : 1;
        }
    }
    printf("survived; applied %lu times\n", model::chosen.applied);
    return 1;
}

int run_all(const model_scenario *scenarios, size_t count, unsigned effort)
{
    std::ostream nowhere(0);

    for (size_t i = 0; i < count; i++) {
        printf("%s: %u executions\n", scenarios[i].name,
               scenarios[i].executions * effort);
        fflush(stdout);
        if (run(scenarios[i], effort, nowhere) != rl::test_result_success) {
            run(scenarios[i], effort, std::cout);
            return 1;
        }
    }
    return 0;
}

} // namespace

int model_main(int argc, char *argv[], const model_scenario *scenarios,
               size_t count)
{
    unsigned effort = argc > 1 ? (unsigned)strtoul(argv[1], 0, 10) : 1;

    if (effort == 0 || (argc > 2 && !choose_mutant(argv[2]))) {
        fprintf(stderr, "usage: %s [EFFORT [FUNCTION:OPERATION:CHANGE]]\n",
                argv[0]);
        return 2;
    }
    return argc > 2 ? run_mutant(scenarios, count, effort)
                    : run_all(scenarios, count, effort);
}
