/* Annotations of functions, and of what holds before and after them; see annotations.h. */
#ifndef NMR_SIM_ANNOTATIONS_FUNCTIONS_H
#define NMR_SIM_ANNOTATIONS_FUNCTIONS_H

#if defined(_WIN32)
#include <sal.h>
#endif

/* Results. */
#ifndef _Must_inspect_result_
#define _Must_inspect_result_
#endif
#ifndef _Check_return_
#define _Check_return_
#endif
#ifndef _Success_
#define _Success_(condition)
#endif
#ifndef _Return_type_success_
#define _Return_type_success_(condition)
#endif
#ifndef _On_failure_
#define _On_failure_(annotations)
#endif
#ifndef _Always_
#define _Always_(annotations)
#endif

/* Functions. */
#ifndef _Function_class_
#define _Function_class_(name)
#endif
#ifndef _Use_decl_annotations_
#define _Use_decl_annotations_
#endif
#ifndef _Enum_is_bitflag_
#define _Enum_is_bitflag_
#endif
#ifndef _Analysis_noreturn_
#define _Analysis_noreturn_
#endif
#ifndef _Analysis_assume_
#define _Analysis_assume_(condition)
#endif
#ifndef __analysis_assume
#define __analysis_assume(condition)
#endif
#ifndef _Analysis_assume_nullterminated_
#define _Analysis_assume_nullterminated_(text)
#endif

/* Conditions. */
#ifndef _When_
#define _When_(condition, annotations)
#endif
#ifndef _At_
#define _At_(what, annotations)
#endif
#ifndef _At_buffer_
#define _At_buffer_(what, index, count, annotations)
#endif
#ifndef _Group_
#define _Group_(annotations)
#endif
#ifndef _Pre_
#define _Pre_
#endif
#ifndef _Pre_valid_
#define _Pre_valid_
#endif
#ifndef _Pre_null_
#define _Pre_null_
#endif
#ifndef _Pre_notnull_
#define _Pre_notnull_
#endif
#ifndef _Pre_maybenull_
#define _Pre_maybenull_
#endif
#ifndef _Pre_satisfies_
#define _Pre_satisfies_(condition)
#endif
#ifndef _Pre_equal_to_
#define _Pre_equal_to_(value)
#endif
#ifndef _Pre_readable_byte_size_
#define _Pre_readable_byte_size_(size)
#endif
#ifndef _Pre_writable_byte_size_
#define _Pre_writable_byte_size_(size)
#endif
#ifndef _Pre_defensive_
#define _Pre_defensive_
#endif
#ifndef _Post_
#define _Post_
#endif
#ifndef _Post_valid_
#define _Post_valid_
#endif
#ifndef _Post_null_
#define _Post_null_
#endif
#ifndef _Post_notnull_
#define _Post_notnull_
#endif
#ifndef _Post_maybenull_
#define _Post_maybenull_
#endif
#ifndef _Post_invalid_
#define _Post_invalid_
#endif
#ifndef _Post_ptr_invalid_
#define _Post_ptr_invalid_
#endif
#ifndef _Post_satisfies_
#define _Post_satisfies_(condition)
#endif
#ifndef _Post_equal_to_
#define _Post_equal_to_(value)
#endif
#ifndef _Post_readable_byte_size_
#define _Post_readable_byte_size_(size)
#endif
#ifndef _Post_writable_byte_size_
#define _Post_writable_byte_size_(size)
#endif
#ifndef _Notnull_
#define _Notnull_
#endif
#ifndef _Maybenull_
#define _Maybenull_
#endif
#ifndef _Null_
#define _Null_
#endif
#ifndef _Valid_
#define _Valid_
#endif
#ifndef _Notvalid_
#define _Notvalid_
#endif

#endif
