// Random jobs against a store and against a model of its rules, which must agree on every result
// and on every row.
#include "tests/store/world.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>

using namespace store_tests;

namespace {

/// The rules once more, in the plainest way: all bundles in a vector.
class Model {
  public:
    struct Bundle {
        BundleRow row;
        std::map<Bytes, bool> live; // tags it stands for
        std::vector<Step> steps;
    };

    /// Index of the alternative of WriteResult.
    std::size_t accept(const AcceptOp& op) {
        for (const Bundle& other : bundles)
            if (other.row.state != State::rejected && other.row.pair == op.bundle.pair &&
                other.row.serial == op.bundle.serial)
                return other.row.content_tag == op.bundle.content_tag ? 1 : reject(op.bundle, 2);
        for (const Bundle& other : bundles)
            if (other.row.pair == op.bundle.pair && other.row.serial > op.bundle.serial &&
                was_fetched(other))
                return reject(op.bundle, 2);
        Bundle fresh{op.bundle, {}, {Step::submit}};
        for (const Bytes& tag : op.holds) fresh.live[tag] = true;
        bundles.push_back(std::move(fresh));
        replace(bundles.size() - 1, op.replaces);
        return 0;
    }

    std::size_t reject(const BundleRow& row, std::size_t result) {
        bundles.push_back({row, {}, {Step::reject}});
        bundles.back().row.state = State::rejected;
        return result;
    }

    std::size_t step(const StepOp& op) {
        Bundle& bundle = find(op.bundle);
        const bool is_ack = op.step == Step::ack_imported || op.step == Step::ack_failed;
        const auto next = exchange::next_state(bundle.row.state, op.step);
        if (!next) return 3;
        if (bundle.row.state == State::superseded && is_ack) {
            const auto done = [&](Step step) {
                return std::count(bundle.steps.begin(), bundle.steps.end(), step) > 0;
            };
            if (!done(Step::fetch) || done(Step::ack_imported) || done(op.step)) return 3;
        }
        bundle.row.state = *next;
        bundle.steps.push_back(op.step);
        (op.step == Step::fetch ? bundle.row.fetched_at : bundle.row.settled_at) = op.time;
        if (op.step == Step::recall) bundle.live.clear();
        return 0;
    }

    Bundle& find(const BundleId& id) {
        return *std::find_if(bundles.begin(), bundles.end(),
                             [&](const Bundle& bundle) { return bundle.row.id == id; });
    }

    bool holds(const Pair& pair, const Bytes& tag) const {
        return std::any_of(bundles.begin(), bundles.end(), [&](const Bundle& bundle) {
            return bundle.row.pair == pair && is_live(bundle, tag);
        });
    }

    std::vector<Bundle> bundles;

  private:
    static bool was_fetched(const Bundle& bundle) {
        return std::count(bundle.steps.begin(), bundle.steps.end(), Step::fetch) > 0;
    }
    static bool is_live(const Bundle& bundle, const Bytes& tag) {
        const auto found = bundle.live.find(tag);
        return found != bundle.live.end() && found->second;
    }
    static bool nothing_live(const Bundle& bundle) {
        return std::none_of(bundle.live.begin(), bundle.live.end(),
                            [](const auto& hold) { return hold.second; });
    }
    static void end(Bundle& bundle, const BundleId& newer) {
        const auto next = exchange::next_state(bundle.row.state, Step::supersede);
        if (!next || !nothing_live(bundle)) return;
        bundle.row.state = *next;
        bundle.row.superseded_by = newer;
    }

    void replace(std::size_t mine, const std::vector<Bytes>& tags) {
        Bundle& fresh = bundles[mine];
        std::vector<Bundle*> ended;
        Bundle* newest = nullptr; // of those that ended a hold of the fresh one
        for (const Bytes& tag : tags)
            for (Bundle& other : bundles) {
                if (&other == &fresh || other.row.pair != fresh.row.pair || !is_live(other, tag))
                    continue;
                if (other.row.serial < fresh.row.serial) {
                    other.live[tag] = false;
                    ended.push_back(&other);
                } else if (fresh.live.contains(tag)) {
                    fresh.live[tag] = false;
                    if (newest == nullptr || newest->row.serial < other.row.serial) newest = &other;
                }
            }
        for (Bundle* other : ended) end(*other, fresh.row.id);
        if (newest != nullptr) end(fresh, newest->row.id);
    }
};

/// Draws jobs that often meet: few pairs, few serials, few persons.
class Dice {
  public:
    explicit Dice(unsigned seed) : engine_(seed) {}
    int below(int count) { return std::uniform_int_distribution(0, count - 1)(engine_); }
    Pair pair() { return pair_of(care_manager, below(2) == 0 ? provider : other_provider); }
    std::vector<Bytes> tags(int most) {
        std::vector<Bytes> out;
        for (int i = below(most + 1); i > 0; --i)
            out.push_back(key_tag(std::string(1, static_cast<char>('a' + below(4)))));
        return out;
    }
    AcceptOp accept(int round) {
        Tags tags;
        const int form = below(4); // plan, plan, delete, anything
        if (form != 2) tags.holds = this->tags(3);
        tags.replaces = form < 2 ? tags.holds : this->tags(3);
        return accept_op(pair(), round / 4 + below(12), std::move(tags), below(3) == 0 ? "x" : "y");
    }
    Step step() {
        constexpr Step steps[] = {Step::fetch, Step::fetch, Step::ack_imported, Step::ack_failed,
                                  Step::recall};
        return steps[below(5)];
    }

  private:
    std::mt19937 engine_;
};

std::size_t play(Model& model, const WriteOp& op) {
    if (const auto* accept = std::get_if<AcceptOp>(&op)) return model.accept(*accept);
    if (const auto* reject = std::get_if<RejectOp>(&op)) return model.reject(reject->bundle, 0);
    return model.step(std::get<StepOp>(op));
}

template<class World> void compare(World& world, Model& model) {
    for (const Model::Bundle& expected : model.bundles) {
        const auto row = world.store->bundle(expected.row.id).value();
        const auto steps = world.store->steps(expected.row.id);
        BOOST_TEST_REQUIRE(row.state == expected.row.state);
        BOOST_TEST_REQUIRE((row.superseded_by == expected.row.superseded_by));
        BOOST_TEST_REQUIRE((row.fetched_at == expected.row.fetched_at));
        BOOST_TEST_REQUIRE((row.settled_at == expected.row.settled_at));
        BOOST_TEST_REQUIRE(steps.size() == expected.steps.size());
        for (std::size_t i = 0; i < steps.size(); ++i)
            BOOST_TEST_REQUIRE((steps[i].step == expected.steps[i]));
    }
    for (const OfficeNo& to : {provider, other_provider})
        for (const char name : {'a', 'b', 'c', 'd'}) {
            const Bytes tag = key_tag(std::string(1, name));
            const Pair pair = pair_of(care_manager, to);
            BOOST_TEST_REQUIRE(world.store->holds(pair, tag) == model.holds(pair, tag));
        }
    std::map<State, std::uint64_t> counted;
    for (const Model::Bundle& bundle : model.bundles) ++counted[bundle.row.state];
    const auto counts = world.store->counts().bundles;
    BOOST_TEST_REQUIRE((std::map(counts.begin(), counts.end()) == counted));
}

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(random_jobs_end_as_the_model_says, Backend, Backends) {
    const unsigned seed = std::random_device{}();
    BOOST_TEST_CONTEXT("seed " << seed) {
        World<Backend> world;
        Model model;
        Dice dice(seed);
        for (int round = 0; round < 150; ++round) {
            std::vector<Job> jobs(static_cast<std::size_t>(1 + dice.below(4)));
            std::vector<std::vector<std::size_t>> expected;
            for (Job& job : jobs) {
                auto& results = expected.emplace_back();
                for (int i = dice.below(4); i >= 0; --i) {
                    const int kind = model.bundles.empty() ? 0 : dice.below(10);
                    if (kind < 5)
                        job.ops.emplace_back(dice.accept(round));
                    else if (kind < 6)
                        job.ops.emplace_back(reject_op(dice.pair(), round / 4 + dice.below(12)));
                    else {
                        const int count = static_cast<int>(model.bundles.size());
                        const int newest = std::min(count, 12);
                        const auto one = static_cast<std::size_t>(count - 1 - dice.below(newest));
                        job.ops.emplace_back(
                            step_op(model.bundles[one].row.id, dice.step(), round));
                    }
                    results.push_back(play(model, job.ops.back()));
                }
            }
            const auto results = world.store->commit(jobs);
            for (std::size_t i = 0; i < jobs.size(); ++i)
                for (std::size_t j = 0; j < jobs[i].ops.size(); ++j)
                    BOOST_TEST_REQUIRE(results[i][j].index() == expected[i][j]);
            if (round % 10 == 0) compare(world, model);
            if (round % 50 == 0) world.reopen();
        }
        compare(world, model);
        BOOST_TEST(world.log_is_whole());
    }
}
