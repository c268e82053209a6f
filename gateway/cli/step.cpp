#include "gateway/cli/step.hpp"

#include "adapters/client/save_folder.hpp"

#include <boost/json/serialize.hpp>
#include <iostream>

namespace cpg::cli {

int take_step(const Arguments& given, Connection& connection, const StepRequest& request,
              const boost::json::object& body) {
    const auto& trusted = connection.trusted_keys();
    const auto answer =
        connection.post("/v1/bundles/" + request.id.str() + "/" + request.route, body);
    const std::string receipt = text_member(answer, "receipt");
    if (given.has("--out")) client::save_file(given.text("--out"), receipt);
    // The files are not at hand here: the receipt proves the step and the bundle.
    const auto reason =
        why_not_proven({request.step, receipt}, request.id, {}, trusted, connection.lang());
    if (reason)
        throw Failure(exit_not_good,
                      "証跡を確かめられません / the receipt does not prove it: " + *reason);
    if (connection.json()) {
        std::cout << boost::json::serialize(answer) << "\n";
        return exit_done;
    }
    std::cout << state_text(request.step, request.reader, connection.lang()) << "  "
              << request.id.str() << "\n";
    return exit_done;
}

} // namespace cpg::cli
