// One office's way out: looks at 送信, takes what is whole, converts, checks, sends, keeps the
// receipts. The thin rim around lots.hpp, conversion.hpp and outgoing_state.hpp; whatever moment
// the program is killed at, the next run goes on with the same bytes and the same Idempotency-Key.
// Belongs to one thread.
//
// In the state folder: out.journal, and work/<job>/ with 原本/ (as dropped), 送付/<n>/ (what is
// sent and its receipt). When a job is over its folder moves to 控え/YYYY-MM/ or to 差戻し/.
#pragma once

#include "adapters/hotfolder/link.hpp"
#include "adapters/hotfolder/outgoing_state.hpp"
#include "adapters/hotfolder/settings.hpp"
#include "adapters/hotfolder/views.hpp"

#include <system_error>

namespace cpg::hotfolder {

/// What an office's two ways need of the world. All outlive them.
struct World {
    const OfficeSettings& settings;
    const Link& link;
    const Disk& disk;
    const Clock& clock;
    std::function<void(const Event&)> tell;
    std::function<void(const Asked<void>&)> reached; // after each call of the gateway
};

struct Turn {
    Time next;                 // to be called again by then, or when the folder changes
    bool gateway_away = false; // something waits for the gateway
    bool idle = false;         // nothing is being waited for but people
};

class Outgoing {
  public:
    /// Throws JournalDamaged, std::system_error.
    Outgoing(const World& world, Converter converter);
    /// Does everything that can be done now. Troubles are in the view, never thrown; a Disk's probe
    /// may throw through.
    Turn turn();
    const OutgoingView& view() const { return view_; }
    std::size_t returned_count() const { return returned_; } // jobs, since the start

  private:
    void record(const Record& record);
    void adopt_orphans();
    void advance(Turn& turn);
    bool advance_job(const std::string& id, Turn& turn);
    bool collect(const Job& job);
    void make_ready(Job job, const std::vector<InputFile>& files);
    bool send(const Job& job, Turn& turn);
    void answered(const Job& job, std::size_t number, const Judged& judged);
    void close(const Job& job);
    std::string return_papers(const Job& job, bool alone);
    std::string archive_papers(const Job& job);
    void answer_again(const Job& job);
    void take_lots(Turn& turn);
    void take(const Lot& lot, Time now);
    void take_foreign(const Lot& lot, Turn& turn, Time now);
    std::vector<Scanned> scan();
    bool has_room();
    void look_at_returned();
    void trouble(std::string code, Words what);
    void stuck(const std::system_error& failed, Turn& turn);
    void news(Words what);
    std::filesystem::path work_of(const std::string& job) const;
    void compact();

    World world_;
    Converter converter_;
    OutgoingState state_;
    Journal journal_;
    Watched watched_;
    OutgoingView view_;
    unsigned failures_ = 0;
    Time next_try_{};
    std::optional<Trouble> waits_for_; // why sending waits until then
    std::size_t sends_left_ = 0;       // in this turn
    std::size_t returned_ = 0;
    unsigned sequence_ = 0;
    std::vector<Seen> partial_; // a foreign lot that is not whole yet, as it was
    Time partial_due_{};
};

/// The files of a folder, at most 20,000, three levels deep, hidden and passed-over ones left out.
/// Names that are not UTF-8 are counted in `unreadable_names`. Throws std::system_error.
std::vector<Scanned> scan_folder(const std::filesystem::path& folder,
                                 std::size_t& unreadable_names);

/// What a disk that refuses is called for people.
Trouble disk_trouble(const std::system_error& failed);
bool is_disk_full(const std::system_error& failed);

/// A number in [0, 1) from the kernel's generator.
double random_chance();

} // namespace cpg::hotfolder
