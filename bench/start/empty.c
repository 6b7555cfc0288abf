// A process that does nothing: what starting one costs at least.
int main(void) { return 0; }
