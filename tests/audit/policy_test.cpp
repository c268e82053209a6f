#include "gateway/audit/policy.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;
using namespace cpg::audit;

namespace {

std::string log_key() {
    static const auto signer = make_signer("gateway.example/cpgw/2026", make_signer_key());
    return signer->verifier().text();
}

VerifierKey witness_key(int number) {
    static std::vector<std::unique_ptr<Signer>> signers;
    while (signers.size() <= static_cast<std::size_t>(number))
        signers.push_back(make_signer("w" + std::to_string(signers.size()), make_signer_key()));
    return cosigner_key(*signers[static_cast<std::size_t>(number)]);
}

std::string witness_line(const std::string& name, int number) {
    return "witness " + name + " " + witness_key(number).text() + "\n";
}

std::vector<Signature> signed_by(std::initializer_list<int> witnesses) {
    std::vector<Signature> signatures;
    for (const int number : witnesses)
        signatures.push_back({witness_key(number).name, witness_key(number).id, {}});
    return signatures;
}

const std::string two_levels =
    "# who watches\n\nlog " + log_key() + " https://gateway.example\n" + witness_line("X1", 0) +
    witness_line("X2", 1) + witness_line("X3", 2) + "group X 2 X1 X2 X3\n" + witness_line("Y1", 3) +
    witness_line("Y2", 4) + "\tgroup  Y any Y1 Y2 \ngroup both all X Y\nquorum both\n";

} // namespace

BOOST_AUTO_TEST_SUITE(policy)

BOOST_AUTO_TEST_CASE(a_quorum_of_groups_is_met_by_enough_of_each) {
    const auto read = Policy::parse(two_levels);
    BOOST_TEST_REQUIRE(read.has_value());
    BOOST_TEST(read->keys().size() == 6u);
    BOOST_TEST(read->is_met_by(signed_by({0, 1, 3})));
    BOOST_TEST(read->is_met_by(signed_by({0, 1, 2, 3, 4})));
    BOOST_TEST(!read->is_met_by(signed_by({0, 3})));
    BOOST_TEST(!read->is_met_by(signed_by({0, 1, 2})));
    BOOST_TEST(!read->is_met_by(signed_by({})));
    BOOST_TEST(!read->is_met_by({{"w0", witness_key(1).id, {}}})); // name of one, id of another
}

BOOST_AUTO_TEST_CASE(without_a_quorum_the_log_alone_counts) {
    const auto read = Policy::parse("log " + log_key() + "\nquorum none\n");
    BOOST_TEST_REQUIRE(read.has_value());
    BOOST_TEST(!read->asks_for_witnesses());
    BOOST_TEST(read->is_met_by({}));
    BOOST_TEST(Policy::parse("quorum none\n").has_value());
}

BOOST_AUTO_TEST_CASE(one_witness_may_be_the_quorum) {
    const auto read = Policy::parse(witness_line("W", 0) + "quorum W\n");
    BOOST_TEST_REQUIRE(read.has_value());
    BOOST_TEST(read->is_met_by(signed_by({0})));
    BOOST_TEST(!read->is_met_by(signed_by({1})));
}

BOOST_AUTO_TEST_CASE(a_policy_of_another_form_is_refused) {
    const std::string w = witness_line("W", 0), v = witness_line("V", 1), end = "quorum none\n";
    const std::string same_key_again = "witness V " + witness_key(0).text() + "\n";
    for (const std::string& odd : {std::string(),
                                   w,
                                   end + end,
                                   end + "x\n",
                                   std::string("quorum none"),
                                   w + w + end,
                                   w + same_key_again + end,
                                   "log " + log_key() + "\nlog " + log_key() + "\n" + end,
                                   "log " + witness_key(0).text() + "\n" + end,
                                   "witness W " + log_key() + "\n" + end,
                                   "witness none " + witness_key(0).text() + "\n" + end,
                                   w + "group W any W\n" + end,
                                   w + "group G 0 W\n" + end,
                                   w + "group G 2 W\n" + end,
                                   w + "group G 01 W\n" + end,
                                   w + "group G any\n" + end,
                                   w + "group G any none\n" + end,
                                   w + "group G any W W\n" + end,
                                   w + v + "group G any W\ngroup H any W V\n" + end,
                                   "group G any W\n" + w + end,
                                   "quorum W\n" + w,
                                   w + "quorum X\n",
                                   "log\n" + end,
                                   w + "quorum W W\n",
                                   "\x01" + end,
                                   std::string("quorum\r none\n")})
        BOOST_TEST(!Policy::parse(odd).has_value(), odd);
}

BOOST_AUTO_TEST_SUITE_END()
