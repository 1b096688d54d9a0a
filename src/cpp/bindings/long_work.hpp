// Runs work without the GIL, so that other Python threads go on, and heeds Ctrl-C meanwhile.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <thread>

#include "nb101/stop.hpp"

namespace nb101::bindings {

// Is in scope while the core works. If a signal arrives whose Python handler raises an exception,
// the work is stopped (see check_stop), and Python gets that exception.
class LongWork {
 public:
  LongWork() : thread_(PyEval_SaveThread()), scope_(has_signal, this) {}
  ~LongWork() { take_gil(); }
  LongWork(const LongWork&) = delete;
  LongWork& operator=(const LongWork&) = delete;

 private:
  // Takes the GIL. When Python ends while a daemon thread is here, Python 3.13 and older end the
  // thread by unwinding its stack, which would end the whole process in a C++ function. So the
  // thread is kept here until the process is gone, as newer versions of Python do.
  void take_gil() noexcept {
    try {
      PyEval_RestoreThread(thread_);
    } catch (...) {
      for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
    }
  }

  // Runs the handlers of signals. If one raises an exception, it stays set until the GIL is taken
  // for good, and register_errors passes it on.
  static bool has_signal(void* self) {
    auto& work = *static_cast<LongWork*>(self);
    work.take_gil();
    const bool has_raised = PyErr_CheckSignals() != 0;
    work.thread_ = PyEval_SaveThread();
    return has_raised;
  }

  PyThreadState* thread_;
  StopScope scope_;
};

}  // namespace nb101::bindings
