// The records of one user in each file type of the standard. Pure, any thread.
#pragma once

#include "spec/sample/table_writer.hpp"
#include "spec/sample/user_month.hpp"

namespace cpg::sampling {

/// What the records of one bundle share.
struct BundleContext {
    const Edition& edition;
    const BundleKind& kind;
    OfficeRef from, to;
    Month month;
    std::uint64_t seed;
    Serial serial;
    std::string sender_name; // of the office FROM
};

/// Appends the user's records to the file that `writer` writes.
/// Precondition: the file type is a CSV of the bundle's kind.
void write_user(TableWriter& writer, const BundleContext& context, const UserMonth& user,
                int index);

/// Whether the user has a picture of the family, and its file name.
bool has_image(int index);
std::string image_name(const BundleContext& context, int index);
/// A small JPEG.
Bytes family_image();

} // namespace cpg::sampling
