/*
 * What modules for Windows write about parameters and functions for Microsoft's analysers. Here it means nothing, and what
 * a host defines is left as it is. These are the names that modules in the field use, of sal.h, driverspecs.h and
 * concurrencysal.h.
 */
#ifndef NMR_SIM_ANNOTATIONS_H
#define NMR_SIM_ANNOTATIONS_H

#include "annotations/functions.h"
#include "annotations/locks.h"
#include "annotations/parameters.h"

#endif
