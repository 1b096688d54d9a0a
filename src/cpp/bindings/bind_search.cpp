#include "bindings/bind_search.hpp"

#include <pybind11/critical_section.h>
#include <pybind11/native_enum.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/long_work.hpp"
#include "bindings/registers.hpp"
#include "nb101/index.hpp"
#include "nb101/sentence.hpp"

namespace nb101::bindings {
namespace {

std::unique_ptr<SimulatedTraining> make_training(const IndexFile& file,
                                                 const std::vector<std::size_t>& budgets,
                                                 Validity validity, ReportedTest reported,
                                                 int max_vertices) {
  const LongWork long_work;
  return std::make_unique<SimulatedTraining>(file.view(), budgets, validity, reported,
                                             max_vertices);
}

// ---------------------------------------------------------------- one run, from Python

// Returns (code, cell id, budget, repeat, validation accuracy, seconds). The cell id and the repeat
// of an invalid configuration are -1.
py::tuple told(const Trial& trial) {
  const int repeat = trial.cell_id == kNoCell ? -1 : static_cast<int>(trial.repeat);
  return py::make_tuple(trial.proposal.code, trial.cell_id, trial.proposal.budget, repeat,
                        trial.outcome.validation_accuracy, trial.outcome.seconds);
}

// None means that there is no such limit.
Limits limits_of(std::optional<double> seconds, std::optional<std::uint64_t> evaluations) {
  const Limits none;
  return {seconds.value_or(none.seconds), evaluations.value_or(none.evaluations)};
}

std::unique_ptr<SearchRun> make_run(const SimulatedTraining& training,
                                    std::optional<double> budget_seconds,
                                    std::optional<std::uint64_t> max_evaluations,
                                    std::uint64_t seed, std::uint64_t run, Recorded recorded) {
  return std::make_unique<SearchRun>(training, limits_of(budget_seconds, max_evaluations),
                                     run_seeds(seed, run).repeats, recorded);
}

// Returns None if the training would end after the budget. The code must be faultless. The run is
// locked, so that no other thread evaluates at the same time, even without a GIL.
py::object evaluate(const py::object& self, Code code, std::uint32_t budget) {
  const py::scoped_critical_section lock(self);
  auto& run = self.cast<SearchRun&>();
  Trial trial{};
  trial.proposal = {code, budget};
  run.start(trial);
  return run.finish(trial) ? py::object(told(trial)) : py::none();
}

// Holds its variant for the same reason as SearchSettings does.
struct AskTell {
  Optimizer optimizer;
};

// The optimizer is locked, so that no other thread asks or tells it at the same time, even without
// a GIL.
py::tuple ask_optimizer(const py::object& self) {
  const py::scoped_critical_section lock(self);
  auto& optimizer = self.cast<AskTell&>().optimizer;
  const Proposal proposal = std::visit([](auto& chosen) { return chosen.ask(); }, optimizer);
  return py::make_tuple(proposal.code, proposal.budget);
}

// The code must be faultless. The repeat of an invalid configuration is -1.
void tell_optimizer(const py::object& self, Code code, std::int32_t cell_id, std::uint32_t budget,
                    std::int32_t repeat, double accuracy) {
  const py::scoped_critical_section lock(self);
  const Trial trial{{code, budget}, cell_id, static_cast<std::uint32_t>(repeat), {accuracy, 0}};
  std::visit([&](auto& chosen) { chosen.tell(trial); }, self.cast<AskTell&>().optimizer);
}

// ---------------------------------------------------------------- many runs

template <class Number, class Item, class Get>
py::array_t<Number> array_of(const std::vector<Item>& items, Get get) {
  py::array_t<Number> numbers(static_cast<py::ssize_t>(items.size()));
  std::ranges::transform(items, numbers.mutable_data(), get);
  return numbers;
}

// Returns the columns of a table with a row for each observation, run after run. "count" is the
// number of rows of each run.
py::dict columns_of(const std::vector<const SearchRun*>& runs,
                    const std::vector<Observation>& (SearchRun::*get)() const noexcept) {
  std::vector<Observation> all;
  for (const SearchRun* run : runs)
    all.insert(all.end(), (run->*get)().begin(), (run->*get)().end());
  py::dict columns;
  columns["count"] =
      array_of<std::int64_t>(runs, [&](const SearchRun* run) { return (run->*get)().size(); });
  columns["seconds"] =
      array_of<double>(all, [](const Observation& row) { return row.end_seconds; });
  columns["validation_accuracy"] =
      array_of<double>(all, [](const Observation& row) { return row.validation_accuracy; });
  columns["test_accuracy"] =
      array_of<double>(all, [](const Observation& row) { return row.test_accuracy; });
  columns["code"] = array_of<Code>(all, [](const Observation& row) { return row.code; });
  columns["cell_id"] =
      array_of<std::int32_t>(all, [](const Observation& row) { return row.cell_id; });
  columns["budget"] =
      array_of<std::int32_t>(all, [](const Observation& row) { return row.budget; });
  columns["repeat"] =
      array_of<std::int32_t>(all, [](const Observation& row) { return row.repeat; });
  columns["evaluation"] =
      array_of<std::int64_t>(all, [](const Observation& row) { return row.evaluation; });
  return columns;
}

// Returns the incumbents of some runs, all trainings if they were recorded, and the totals of each
// run.
py::dict record_of(const std::vector<const SearchRun*>& runs) {
  if (std::ranges::find(runs, nullptr) != runs.end()) throw py::type_error("None is no run");
  py::dict record;
  record["incumbents"] = columns_of(runs, &SearchRun::incumbents);
  record["evaluations"] = columns_of(runs, &SearchRun::observations);
  record["num_evaluations"] =
      array_of<std::int64_t>(runs, [](const SearchRun* run) { return run->num_evaluations(); });
  record["num_invalid"] =
      array_of<std::int64_t>(runs, [](const SearchRun* run) { return run->num_invalid(); });
  record["seconds"] = array_of<double>(runs, [](const SearchRun* run) { return run->seconds(); });
  return record;
}

py::dict run_search(const SimulatedTraining& training, const SearchSettings& of_optimizer,
                    std::optional<double> budget_seconds,
                    std::optional<std::uint64_t> max_evaluations, std::uint64_t seed,
                    std::uint64_t first_run, std::size_t num_runs, Recorded recorded,
                    const py::object& threads) {
  const int num_threads = as_threads(threads);
  std::vector<SearchRun> runs;
  {
    const LongWork long_work;
    const SearchPlan plan{limits_of(budget_seconds, max_evaluations), seed, first_run, num_runs,
                          recorded};
    runs = search(training, of_optimizer.settings, plan, num_threads);
  }
  std::vector<const SearchRun*> pointers(runs.size());
  std::ranges::transform(runs, pointers.begin(), [](const SearchRun& run) { return &run; });
  return record_of(pointers);
}

Brackets make_brackets(std::uint32_t num_budgets, std::uint32_t eta) {
  double configurations = 1;
  for (std::uint32_t i = 1; i < std::min(num_budgets, 20u); ++i) configurations *= eta;
  if (num_budgets < 1 || num_budgets > 20 || eta < 2 || configurations > 1e6) {
    throw py::value_error(
        sentence("num_budgets=", num_budgets, " with eta=", eta,
                 " is not allowed; use 1 to 20 budgets and an eta of 2 or more, so that a "
                 "bracket starts with at most a million configurations"));
  }
  return {num_budgets, eta};
}

void register_search_enums(py::module_& module) {
  py::native_enum<Validity>(module, "Validity", "enum.Enum")
      .value("official", Validity::official)
      .value("raw_9", Validity::raw_9)
      .finalize();
  py::native_enum<ReportedTest>(module, "ReportedTest", "enum.Enum")
      .value("mean", ReportedTest::mean)
      .value("queried", ReportedTest::queried)
      .finalize();
  py::native_enum<Recorded>(module, "Recorded", "enum.Enum")
      .value("incumbents", Recorded::incumbents)
      .value("everything", Recorded::everything)
      .finalize();
}

void register_settings(py::module_& module) {
  const py::class_<SearchSettings> settings_class(module, "SearchSettings");
  module.def(
      "random_search_settings",
      [](Sampling sampling) { return SearchSettings{RandomSearch::Settings{sampling}}; },
      py::arg("sampling"));
  module.def(
      "evolution_settings",
      [](bool is_regularized, std::uint32_t population, std::uint32_t tournament,
         bool with_replacement, Mutation mutation, double mutation_rate, Sampling sampling) {
        return SearchSettings{Evolution::Settings{is_regularized, population, tournament,
                                                  with_replacement,
                                                  Mutator(mutation, mutation_rate), sampling}};
      },
      py::arg("is_regularized"), py::arg("population"), py::arg("tournament"),
      py::arg("with_replacement"), py::arg("mutation"), py::arg("mutation_rate"),
      py::arg("sampling"));
  module.def(
      "local_search_settings",
      [](Sampling sampling) { return SearchSettings{LocalSearch::Settings{sampling}}; },
      py::arg("sampling"));
  module.def(
      "hyperband_settings",
      [](std::uint32_t eta, Sampling sampling) {
        return SearchSettings{Hyperband::Settings{eta, sampling}};
      },
      py::arg("eta"), py::arg("sampling"));
  module.def(
      "reinforce_settings",
      [](double learning_rate, double baseline_decay) {
        return SearchSettings{Reinforce::Settings{learning_rate, baseline_decay}};
      },
      py::arg("learning_rate"), py::arg("baseline_decay"));
}

}  // namespace

void register_search(py::module_& module) {
  register_search_enums(module);
  register_settings(module);
  py::class_<SimulatedTraining>(module, "SimulatedTraining")
      .def(py::init(&make_training), py::arg("index"), py::arg("budgets"), py::arg("validity"),
           py::arg("reported"), py::arg("max_vertices"))
      .def_property_readonly("best_mean_test", &SimulatedTraining::best_mean_test)
      .def_property_readonly("best_mean_validation", &SimulatedTraining::best_mean_validation)
      .def_property_readonly("shortest_run", &SimulatedTraining::shortest_run)
      .def_property_readonly("shortest_paid_run",
                             [](const SimulatedTraining& training) {
                               const auto& [cell_id, seconds] = training.shortest_paid_run();
                               return py::make_tuple(cell_id, seconds);
                             })
      .def_property_readonly("num_cells", &SimulatedTraining::num_cells);
  py::class_<SearchRun>(module, "SearchRun")
      .def(py::init(&make_run), py::arg("training"), py::arg("budget_seconds"),
           py::arg("max_evaluations"), py::arg("seed"), py::arg("run"), py::arg("recorded"),
           py::keep_alive<1, 2>())
      .def("evaluate", &evaluate, py::arg("code"), py::arg("budget"))
      .def_property_readonly("is_over", &SearchRun::is_over)
      .def_property_readonly("seconds", &SearchRun::seconds)
      .def_property_readonly("num_evaluations", &SearchRun::num_evaluations)
      .def_property_readonly("num_invalid", &SearchRun::num_invalid)
      .def("check_progress", &SearchRun::check_progress, py::arg("number"));
  py::class_<AskTell>(module, "Optimizer")
      .def(py::init([](const SearchSettings& of_optimizer, const SimulatedTraining& training,
                       std::uint64_t seed) {
             return AskTell{make_optimizer(of_optimizer.settings, training, seed)};
           }),
           py::arg("settings"), py::arg("training"), py::arg("seed"), py::keep_alive<1, 3>())
      .def("ask", &ask_optimizer)
      .def("tell", &tell_optimizer, py::arg("code"), py::arg("cell_id"), py::arg("budget"),
           py::arg("repeat"), py::arg("accuracy"));
  py::class_<Brackets>(module, "Brackets")
      .def(py::init(&make_brackets), py::arg("num_budgets"), py::arg("eta"))
      .def_property_readonly("needs_code", &Brackets::needs_code)
      .def_property_readonly("code", &Brackets::code)
      .def_property_readonly("budget", &Brackets::budget)
      .def("start", &Brackets::start, py::arg("code"))
      .def("tell", &Brackets::tell, py::arg("accuracy"));
  module.def(
      "optimizer_seed",
      [](std::uint64_t seed, std::uint64_t run) { return run_seeds(seed, run).optimizer; },
      py::arg("seed"), py::arg("run"));
  module.def("record_of", &record_of, py::arg("runs"));
  module.def("run_search", &run_search, py::arg("training"), py::arg("settings"),
             py::arg("budget_seconds"), py::arg("max_evaluations"), py::arg("seed"),
             py::arg("first_run"), py::arg("num_runs"), py::arg("recorded"),
             py::arg("threads") = 1);
}

}  // namespace nb101::bindings
