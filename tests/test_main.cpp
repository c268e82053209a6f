#define BOOST_TEST_MODULE cpg
#include <boost/test/unit_test.hpp>
