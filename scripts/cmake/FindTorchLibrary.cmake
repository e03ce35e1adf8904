# libtorch as TorchLibrary::torch_cpu: headers, libtorch_cpu and libc10. Torch's own package file adds
# compiler flags of its build and everything that it was linked with to whoever uses it.
find_path(TORCH_INCLUDE_DIR ATen/ops/native_batch_norm.h)
find_library(TORCH_CPU_LIBRARY torch_cpu)
find_library(TORCH_C10_LIBRARY c10)
find_file(TORCH_VERSION_HEADER torch/csrc/api/include/torch/version.h)
set(TorchLibrary_VERSION "")
if(TORCH_VERSION_HEADER)
  file(STRINGS ${TORCH_VERSION_HEADER} TorchLibrary_VERSION REGEX "VERSION_(MAJOR|MINOR|PATCH)")
  list(TRANSFORM TorchLibrary_VERSION REPLACE "[^0-9]*([0-9]+).*" "\\1")
  list(JOIN TorchLibrary_VERSION . TorchLibrary_VERSION)
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(TorchLibrary
  REQUIRED_VARS TORCH_CPU_LIBRARY TORCH_C10_LIBRARY TORCH_INCLUDE_DIR
  VERSION_VAR TorchLibrary_VERSION)
if(TorchLibrary_FOUND AND NOT TARGET TorchLibrary::torch_cpu)
  add_library(TorchLibrary::torch_cpu UNKNOWN IMPORTED)
  set_target_properties(TorchLibrary::torch_cpu PROPERTIES IMPORTED_LOCATION ${TORCH_CPU_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${TORCH_INCLUDE_DIR}
    INTERFACE_LINK_LIBRARIES ${TORCH_C10_LIBRARY})
endif()
mark_as_advanced(TORCH_INCLUDE_DIR TORCH_VERSION_HEADER TORCH_CPU_LIBRARY TORCH_C10_LIBRARY)
