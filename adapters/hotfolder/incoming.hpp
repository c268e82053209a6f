// One office's way in: asks for new bundles, keeps what came as it came (控え/YYYY-MM/受信_…, which
// `cpgw verify` takes), puts it into 受信 in the software's layout and in the order of the serials,
// watches the software take it, tells the sender. Killed at any moment, the next run goes on; no
// file is placed twice. Belongs to one thread.
//
// In the state folder: in.journal. In 受信: .cpgw/<bundle>/, what is about to get its name.
#pragma once

#include "adapters/hotfolder/incoming_state.hpp"
#include "adapters/hotfolder/outgoing.hpp"

namespace cpg::hotfolder {

class Incoming {
  public:
    /// `write` empty: the files of the standard as they are. Throws JournalDamaged,
    /// std::system_error.
    Incoming(const World& world, WriteDialect write);
    /// Asks the gateway, waits there up to `wait` for something new, does everything that can be
    /// done. Troubles are in the view, never thrown.
    Turn turn(std::chrono::seconds wait);
    const IncomingView& view() const { return view_; }
    /// Something lies in 受信 that the software has to take, or waits for a second try.
    bool is_watching() const;
    std::size_t quarantined_count() const { return quarantined_; } // since the start

  private:
    void record(const Record& record);
    bool ask(std::chrono::seconds wait);
    void advance();
    bool advance_one(const BundleId& id); // false: it has to wait
    bool fetch(const Received& received);
    void stage(const Received& received);
    void quarantine(const Received& received, const ForImport& made);
    bool place(const Received& received);
    bool watch(const Received& received);
    bool acknowledge(const Received& received);
    void close(const Received& received);
    bool gateway_is_away(const LinkProblem& problem); // true; waits longer each time
    bool another_is_outstanding(const BundleId& id) const;
    std::filesystem::path stage_of(const BundleId& id) const;
    std::string raw_folder_of(const Received& received) const;
    void trouble(std::string code, Words what);
    void compact();
    void draw();

    World world_;
    WriteDialect write_;
    IncomingPolicy policy_;
    IncomingState state_;
    Journal journal_;
    IncomingView view_;
    std::set<OfficeNo> held_; // senders of whom an earlier bundle has to come first
    std::map<std::filesystem::path, Time> missing_since_;
    unsigned failures_ = 0;
    Time next_try_{};
    bool away_ = false;
    std::size_t quarantined_ = 0;
};

} // namespace cpg::hotfolder
