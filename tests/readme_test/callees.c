/* What the lines of the README call besides the library; nothing runs. */
void *work(void *argument)
{
    return argument;
}

void *more(void *argument)
{
    return argument;
}

void use(void *argument)
{
    (void)argument;
}

void stop(void *argument)
{
    (void)argument;
}

void show(void *argument, futures_future *future)
{
    (void)argument;
    (void)future;
}

void report(void *argument, const futures_error *error)
{
    (void)argument;
    (void)error;
}

void body(void *context, size_t begin, size_t end)
{
    (void)context;
    (void)begin;
    (void)end;
}

void progress(void *context, size_t index, const futures_outcome *outcome)
{
    (void)context;
    (void)index;
    (void)outcome;
}

bool next(void *context, void **argument)
{
    (void)context;
    (void)argument;
    return false;
}

int main(void)
{
    return 0;
}
