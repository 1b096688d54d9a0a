// Runs as an official file could hold them, and an index file of such runs.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "nb101/index_assembly.hpp"
#include "nb101/run_table.hpp"
#include "random_cells.hpp"

namespace nb101 {

class TemporaryFolder {
 public:
  TemporaryFolder()
      : path_(std::filesystem::temp_directory_path() /
              ("nb101-tests-" + std::to_string(std::random_device{}()))) {
    std::filesystem::create_directory(path_);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::ptrdiff_t num_files() const {
    return std::distance(std::filesystem::directory_iterator(path_), {});
  }

 private:
  std::filesystem::path path_;
};

inline std::vector<std::uint8_t> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_file(const std::string& path, Bytes bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

inline Run sample_run(std::int32_t cell_id, std::uint32_t epochs, RandomCells& random) {
  const SearchSpace& space = SearchSpace::instance();
  const auto id = static_cast<std::size_t>(cell_id);
  const auto accuracy = [&] { return static_cast<float>(random.below(9985)) / 9984.0f; };
  Run run;
  run.graph = space.codes()[id];
  run.cell_id = cell_id;
  run.epochs = epochs;
  run.metrics.trainable_parameters = static_cast<std::int32_t>(space.parameters()[id]);
  for (int stage = 0; stage < kNumStages; ++stage) {
    Evaluation& evaluation = run.metrics.evaluations[static_cast<std::size_t>(stage)];
    evaluation.current_epoch = epochs * stage / 2.0;
    evaluation.training_time = stage * static_cast<float>(1 + random.below(1000)) / 8;
    evaluation.train_accuracy = accuracy();
    evaluation.validation_accuracy = accuracy();
    evaluation.test_accuracy = accuracy();
  }
  run.metrics.total_time = 1.1 * run.metrics.evaluations.back().training_time;
  return run;
}

// Returns three repeats of some cells at 4 and at 12 epochs. The last cell lacks a repeat at 12.
inline std::vector<Run> sample_runs() {
  RandomCells random(11);
  std::vector<Run> runs;
  for (const std::int32_t cell_id : {0, 5, 77, 1'234, 99'999, kNumCells - 1}) {
    for (const std::uint32_t epochs : {4u, 12u}) {
      for (int repeat = 0; repeat < 3; ++repeat) {
        runs.push_back(sample_run(cell_id, epochs, random));
      }
    }
  }
  runs.pop_back();
  return runs;
}

struct SampleIndex {
  IndexSummary summary;
  WrittenIndex written;
};

inline SampleIndex write_sample_index(const std::string& path, const std::vector<Run>& runs) {
  RunTable table;
  table.append(runs);
  IndexAssembly assembly(table);
  const WrittenIndex written = assembly.write(path, R"({"made":"by a test"})", 9984);
  return {assembly.summary(), written};
}

}  // namespace nb101
