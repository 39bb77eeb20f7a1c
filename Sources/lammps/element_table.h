// SPDX-License-Identifier: GPL-2.0-only

#ifndef APUS_ELEMENT_TABLE_H
#define APUS_ELEMENT_TABLE_H

#include <string>

namespace ElementTable {

/// "Si" for 14; "?" for what is no element.
const char *symbol(int number);

/// 14 for "Si"; 0 for what is no element.
int number(const std::string &symbol);

/// Standard atomic weight in amu.
double weight(int number);

}    // namespace ElementTable

#endif
