from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from autodiff.ir import ArrayType, Literal, Var, dtype_name, literal, parse_dtype, type_of

DTYPES = [np.dtype(c) for c in "?bhilBHILefdgFDG"]


class TestArrayType:
    def test_equal_types_are_one_object(self) -> None:
        spellings = ["f8", float, np.float64, np.dtype("float64"), ">f8"]
        assert {ArrayType((2, 3), dtype) for dtype in spellings} == {ArrayType((2, 3), "<f8")}

    def test_shape_is_of_plain_ints(self) -> None:
        found = ArrayType((np.int64(7919), 1), "f4")
        assert type(found.shape[0]) is int

    def test_facts(self) -> None:
        found = ArrayType((2, 3), "c16")
        assert (found.ndim, found.size, found.nbytes, found.inexact) == (2, 6, 96, True)
        assert not ArrayType((), "i8").inexact
        assert ArrayType((), "i8").size == 1

    def test_variations(self) -> None:
        found = ArrayType((2,), "f8")
        assert found.with_shape((4,)) is ArrayType((4,), "f8")
        assert found.with_dtype("i4") is ArrayType((2,), "i4")

    def test_text(self) -> None:
        assert str(ArrayType((2, 3), "f4")) == "f32[2,3]"
        assert str(ArrayType((), "?")) == "bool[]"

    def test_is_immutable(self) -> None:
        with pytest.raises(AttributeError, match="immutable"):
            ArrayType((), "f8").shape = (1,)

    @pytest.mark.parametrize("dtype", ["O", "U3", "M8[s]", "V4"])
    def test_refuses_what_is_not_numeric(self, dtype: str) -> None:
        with pytest.raises(TypeError, match="numeric"):
            ArrayType((), dtype)

    def test_copies_are_the_same_object(self) -> None:
        found = ArrayType((5,), "f8")
        assert pickle.loads(pickle.dumps(found)) is found
        assert copy.deepcopy(found) is found


class TestDtypeNames:
    @pytest.mark.parametrize("dtype", DTYPES, ids=str)
    def test_round_trip(self, dtype: np.dtype) -> None:
        assert parse_dtype(dtype_name(dtype)) == dtype

    @pytest.mark.parametrize("name", ["", "f", "float", "x8", "q64"])
    def test_unknown(self, name: str) -> None:
        with pytest.raises(ValueError, match="unknown dtype"):
            parse_dtype(name)


class TestLiteral:
    def test_equal_literals_are_one_object(self) -> None:
        assert literal(2.0) is literal(np.float64(2))
        assert literal(0.1, "f4") is literal(np.float32(0.1))
        assert literal(float("nan")) is literal(np.float64("nan"))
        assert literal(0.0) is literal(np.float64(0))

    @pytest.mark.parametrize(
        ("one", "other"),
        [(0.0, -0.0), (2, 2.0), (1, True), (1j, complex(-0.0, 1)), (1 + 0j, complex(1, -0.0))],
    )
    def test_different_literals_are_not(self, one: complex, other: complex) -> None:
        assert literal(one) is not literal(other)

    @pytest.mark.parametrize("dtype", DTYPES, ids=str)
    @pytest.mark.parametrize("value", [0, 1])
    def test_has_the_dtype_asked_for(self, value: int, dtype: np.dtype) -> None:
        made = literal(value, dtype)
        assert made.type is ArrayType((), dtype)
        assert made.value.dtype == dtype
        assert made.value == value

    def test_pickles_to_itself(self) -> None:
        for value in (0.0, -0.0, 2.5, 1j, True, np.float32(1e-45)):
            made = literal(value)
            assert pickle.loads(pickle.dumps(made)) is made


class TestTypeOf:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (np.zeros((2, 3), "f4"), "f32[2,3]"),
            (np.float16(1), "f16[]"),
            (1.5, "f64[]"),
            (True, "bool[]"),
            (1j, "c128[]"),
            (literal(3, "i4"), "i32[]"),
            (Var(ArrayType((4,), "f8")), "f64[4]"),
        ],
        ids=repr,
    )
    def test_values(self, value: object, text: str) -> None:
        assert str(type_of(value)) == text

    def test_an_array_of_another_library(self) -> None:
        class Foreign:
            shape = (2,)
            dtype = np.dtype("f4")

        assert type_of(Foreign()) is ArrayType((2,), "f4")

    def test_a_literal_is_recognised(self) -> None:
        assert isinstance(literal(1.0), Literal)
