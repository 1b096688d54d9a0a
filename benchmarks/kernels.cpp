// Runs the time-critical functions of the core one by one, so that callgrind counts their
// instructions. What a kernel needs is prepared before and not counted.
//
//   nb101_kernels list              prints each kernel's name and how many items it handles
//   nb101_kernels compiler          prints the compiler of this program
//   nb101_kernels prepare FOLDER    writes the files that the kernels read (slow under callgrind)
//   nb101_kernels run NAME FOLDER   runs a kernel once and checks its answer
#include <valgrind/callgrind.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nb101/crc32c.hpp"
#include "nb101/graph_hash.hpp"
#include "nb101/index.hpp"
#include "nb101/index_assembly.hpp"
#include "nb101/matrix_codec.hpp"
#include "nb101/objective.hpp"
#include "nb101/prune.hpp"
#include "nb101/record.hpp"
#include "nb101/run_table.hpp"
#include "nb101/simd.hpp"
#include "nb101/tfrecord.hpp"

namespace nb101 {
namespace {

constexpr std::size_t kNumCodes = 1 << 16;
constexpr std::int32_t kFileCells = 1000;  // how many cells the small index and the records have
constexpr std::int32_t kFileStep = kNumCells / kFileCells;
constexpr std::uint32_t kEpochs = 108;
constexpr int kRepeats = 3;
constexpr std::uint32_t kDenominator = 9984;
constexpr std::size_t kCrcBytes = 1 << 20;

struct Kernel {
  std::function<void()> run;
  std::function<bool()> is_right;  // checks the answer after the run
};

std::string index_path(const std::string& folder) { return folder + "/small.nb101"; }
std::string records_path(const std::string& folder) { return folder + "/records.tfrecord"; }

// ---------------------------------------------------------------- what the kernels read

Run random_run(std::int32_t cell_id, std::mt19937& random) {
  const SearchSpace& space = SearchSpace::instance();
  const auto id = static_cast<std::size_t>(cell_id);
  const auto accuracy = [&] {
    return static_cast<float>(random() % (kDenominator + 1)) / kDenominator;
  };
  Run run;
  run.graph = space.codes()[id];
  run.cell_id = cell_id;
  run.epochs = kEpochs;
  run.metrics.trainable_parameters = static_cast<std::int32_t>(space.parameters()[id]);
  for (int stage = 0; stage < kNumStages; ++stage) {
    Evaluation& evaluation = run.metrics.evaluations[static_cast<std::size_t>(stage)];
    evaluation.current_epoch = kEpochs * stage / 2.0;
    evaluation.training_time =
        static_cast<float>(stage) * static_cast<float>(1 + random() % 9999) / 8;
    evaluation.train_accuracy = accuracy();
    evaluation.validation_accuracy = accuracy();
    evaluation.test_accuracy = accuracy();
  }
  run.metrics.total_time = 1.1 * run.metrics.evaluations.back().training_time;
  return run;
}

void prepare(const std::string& folder) {
  std::filesystem::create_directories(folder);
  std::mt19937 random(1);
  RunTable table;
  std::vector<std::uint8_t> records;
  for (std::int32_t cell = 0; cell < kFileCells; ++cell) {
    for (int repeat = 0; repeat < kRepeats; ++repeat) {
      const Run run = random_run(cell * kFileStep, random);
      table.append({&run, 1});
      if (repeat > 0) continue;
      std::string payload;
      append_record_payload(payload, graph_hash(*prune(unpack(run.graph))), run);
      append_frame(records, as_bytes(payload));
    }
  }
  IndexAssembly(table).write(index_path(folder), "{}", kDenominator);
  std::ofstream file(records_path(folder), std::ios::binary);
  file.write(reinterpret_cast<const char*>(records.data()),
             static_cast<std::streamsize>(records.size()));
}

std::vector<char> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::int32_t> random_ids() {
  std::mt19937 random(2);
  std::vector<std::int32_t> ids(kNumCodes);
  for (std::int32_t& id : ids) id = static_cast<std::int32_t>(random() % kNumCells);
  return ids;
}

std::vector<Code> codes_of(std::span<const std::int32_t> ids) {
  std::vector<Code> codes;
  for (const std::int32_t id : ids) {
    codes.push_back(SearchSpace::instance().codes()[static_cast<std::size_t>(id)]);
  }
  return codes;
}

// ---------------------------------------------------------------- the kernels

Kernel cell_ids(const std::string&) {
  struct State {
    std::vector<std::int32_t> expected = random_ids();
    std::vector<Code> codes = codes_of(expected);
    std::vector<std::int32_t> ids = std::vector<std::int32_t>(kNumCodes);
  };
  const auto state = std::make_shared<State>();
  return {[=] { SearchSpace::instance().ids(state->codes, state->ids.data(), 1); },
          [=] { return state->ids == state->expected; }};
}

Kernel objective(const std::string& folder) {
  struct State {
    explicit State(const std::string& path) : file(path, Verify::header) {}
    IndexFile file;
    Objective objective{file.view(),
                        file.view().series(Metric::validation_accuracy, Stage::final, 0),
                        {Repeat::Kind::one, 0, 0}};
    std::vector<Code> codes;
    std::vector<float> values = std::vector<float>(kNumCodes);
  };
  const auto state = std::make_shared<State>(index_path(folder));
  const std::span<const std::int32_t> cells = state->file.view().cells();
  for (std::size_t i = 0; i < kNumCodes; ++i) {
    const auto id = static_cast<std::size_t>(cells[i % cells.size()]);
    state->codes.push_back(SearchSpace::instance().codes()[id]);
  }
  return {[=] { state->objective(state->codes, state->values.data(), 1); },
          [=] {
            const IndexView& view = state->file.view();
            const Column& column = view.column(Metric::validation_accuracy, Stage::final, 0, 0);
            for (std::size_t i = 0; i < kNumCodes; ++i) {
              if (state->values[i] != static_cast<float>(column[i % view.num_rows()])) return false;
            }
            return true;
          }};
}

Kernel encode(const std::string&) {
  struct State {
    std::vector<Code> expected = codes_of(random_ids());
    std::vector<Code> codes = std::vector<Code>(kNumCodes);
    std::vector<std::uint8_t> matrices = std::vector<std::uint8_t>(kNumCodes * kMatrixSize);
    std::vector<std::uint8_t> labels = std::vector<std::uint8_t>(kNumCodes * kMaxInterior);
  };
  const auto state = std::make_shared<State>();
  decode_codes(state->expected.data(), kNumCodes, state->matrices.data(), state->labels.data());
  return {[=] {
            encode_matrices(state->matrices.data(), state->labels.data(), kMaxInterior, kNumCodes,
                            state->codes.data());
          },
          [=] { return state->codes == state->expected; }};
}

Kernel find(const std::string& folder) {
  struct State {
    explicit State(const std::string& path) : file(path, Verify::header) {}
    IndexFile file;
    std::vector<Digest> keys;
    std::vector<std::int32_t> ids = std::vector<std::int32_t>(kNumCodes);
  };
  const auto state = std::make_shared<State>(index_path(folder));
  const std::span<const Digest> hashes = state->file.view().hashes();
  for (std::size_t i = 0; i < kNumCodes; ++i) state->keys.push_back(hashes[i % hashes.size()]);
  return {[=] { state->file.view().find(state->keys, state->ids.data(), 1); },
          [=] {
            const IndexView& view = state->file.view();
            for (std::size_t i = 0; i < kNumCodes; ++i) {
              if (state->ids[i] != view.cell_id(i % view.num_rows())) return false;
            }
            return true;
          }};
}

Kernel graph_hashes(const std::string& folder) {
  struct State {
    explicit State(const std::string& path) : file(path, Verify::header) {}
    IndexFile file;
    std::vector<Graph> graphs;
    std::vector<Digest> digests = std::vector<Digest>(kFileCells);
  };
  const auto state = std::make_shared<State>(index_path(folder));
  for (const Code code : codes_of(state->file.view().cells())) {
    state->graphs.push_back(*prune(unpack(code)));
  }
  return {[=] { hash_graphs(state->graphs, state->digests); },
          [=] { return std::ranges::equal(state->digests, state->file.view().hashes()); }};
}

Kernel checksum(const std::string&) {
  struct State {
    std::vector<std::uint8_t> bytes = std::vector<std::uint8_t>(kCrcBytes);
    std::uint32_t crc = 0;
  };
  const auto state = std::make_shared<State>();
  std::mt19937 random(3);
  for (std::uint8_t& byte : state->bytes) byte = static_cast<std::uint8_t>(random());
  return {[=] { state->crc = crc32c(state->bytes); },
          [=] {
            const Simd before = active_simd();
            force_simd(before == Simd::portable ? Simd::avx2 : Simd::portable);
            const bool is_right = state->crc == crc32c(state->bytes);
            force_simd(before);
            return is_right;
          }};
}

struct Parsing {
  explicit Parsing(const std::string& folder)
      : file(index_path(folder), Verify::header), bytes(read_file(records_path(folder))) {
    for (Bytes rest = as_bytes({bytes.data(), bytes.size()}); !rest.empty();) {
      payloads.push_back(frame_payload(rest, place).value());
      rest = rest.subspan(kFrameHead + payloads.back().size() + kFrameTail);
    }
    records.reserve(payloads.size());
  }
  void parse() {
    records.clear();
    for (const Bytes payload : payloads) records.push_back(parse_record(payload, scratch, place));
  }

  IndexFile file;
  std::string source = "records";
  RecordPlace place{&source, 0, 0};
  RecordScratch scratch;
  std::vector<char> bytes;
  std::vector<Bytes> payloads;
  std::vector<Record> records;
};

// The records are parsed `before` times before the count begins.
Kernel parse_after(int before, const std::string& folder) {
  const auto state = std::make_shared<Parsing>(folder);
  SearchSpace::instance();  // builds the tables before the count begins
  for (int i = 0; i < before; ++i) state->parse();
  return {[=] { state->parse(); },
          [=] {
            return std::ranges::equal(state->records, state->file.view().hashes(), {},
                                      &Record::hash);
          }};
}

// The hashes of the first records of a process are computed one by one. After many records, a table
// of all hashes is used.
Kernel parse_first(const std::string& folder) { return parse_after(0, folder); }
Kernel parse_many(const std::string& folder) { return parse_after(25, folder); }

Kernel open_index(const std::string& folder) {
  const auto file = std::make_shared<std::optional<IndexFile>>();
  const std::string path = index_path(folder);
  return {[=] { file->emplace(path, Verify::header); },
          [=] { return (*file)->view().num_rows() == kFileCells; }};
}

// ---------------------------------------------------------------- the command line

// Callgrind does not support AVX-512. So each kernel has a fixed level, which is the same on every
// processor.
struct Named {
  std::string_view name;
  Simd level;
  std::size_t items;
  Kernel (*make)(const std::string& folder);
};

constexpr Named kKernels[] = {
    {"cell_ids", Simd::avx2, kNumCodes, cell_ids},
    {"objective", Simd::avx2, kNumCodes, objective},
    {"encode_avx2", Simd::avx2, kNumCodes, encode},
    {"encode_portable", Simd::portable, kNumCodes, encode},
    {"find", Simd::avx2, kNumCodes, find},
    {"graph_hash_avx2", Simd::avx2, kFileCells, graph_hashes},
    {"graph_hash_portable", Simd::portable, kFileCells, graph_hashes},
    {"crc32c_avx2", Simd::avx2, kCrcBytes, checksum},
    {"crc32c_portable", Simd::portable, kCrcBytes, checksum},
    {"parse_first_records", Simd::avx2, kFileCells, parse_first},
    {"parse_more_records", Simd::avx2, kFileCells, parse_many},
    {"open", Simd::avx2, 1, open_index},
};

int fail(const std::string& message) {
  std::fprintf(stderr, "nb101_kernels: %s\n", message.c_str());
  return 1;
}

int run(std::string_view name, const std::string& folder) {
  const auto* const named = std::ranges::find(kKernels, name, &Named::name);
  if (named == std::end(kKernels))
    return fail("there is no kernel " + std::string(name) + "; list shows them");
  if (force_simd(named->level) != named->level) {
    return fail("this processor has no " + std::string(simd_name(named->level)));
  }
  const Kernel kernel = named->make(folder);
  CALLGRIND_START_INSTRUMENTATION;
  kernel.run();
  CALLGRIND_STOP_INSTRUMENTATION;
  return kernel.is_right() ? 0 : fail("the answer of " + std::string(name) + " is wrong");
}

int command(std::span<char*> arguments) {
  const std::string_view verb = arguments.size() > 1 ? arguments[1] : "";
  if (verb == "list") {
    for (const Named& named : kKernels) {
      std::printf("%s %zu\n", std::string(named.name).c_str(), named.items);
    }
  } else if (verb == "compiler") {
#if defined(__clang__)
    std::printf("Clang %d.%d.%d\n", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
    std::printf("GCC %d.%d.%d\n", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
  } else if (verb == "prepare" && arguments.size() == 3) {
    prepare(arguments[2]);
  } else if (verb == "run" && arguments.size() == 4) {
    return run(arguments[2], arguments[3]);
  } else {
    return fail("use list, compiler, prepare FOLDER or run NAME FOLDER");
  }
  return 0;
}

}  // namespace
}  // namespace nb101

int main(int count, char** arguments) {
  return nb101::command({arguments, static_cast<std::size_t>(count)});
}
