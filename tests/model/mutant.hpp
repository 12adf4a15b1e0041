/* The mutant of this run, if there is one. */
#ifndef FUTURES_TESTS_MODEL_MUTANT_HPP
#define FUTURES_TESTS_MODEL_MUTANT_HPP

#include <string>

#include "model.h"

namespace model
{

/* One change to one kind of operation in one function. */
struct mutant {
    std::string function;
    std::string operation;
    std::string change;
    unsigned long applied;

    bool changes(const model_site *site, const char *to)
    {
        if (change != to || operation != site->operation ||
            function != site->function)
            return false;
        applied++;
        return true;
    }
};

extern mutant chosen;

} // namespace model

#endif
