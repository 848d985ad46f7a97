"""Forms of the account pages."""

from datetime import timedelta

from django import forms
from django.contrib.auth.forms import PasswordChangeForm, UserCreationForm

from accounts.models import User
from accounts.services import change_password
from scene3d.http.scopes import SCOPES


class SignUpForm(UserCreationForm[User]):
    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username",)


class ChangePasswordForm(PasswordChangeForm):
    def save(self, commit: bool = True) -> User:  # noqa: FBT001, FBT002  # Django's signature
        """Through the service, so that API tokens end too."""
        change_password(self.user, self.cleaned_data["new_password1"])
        return self.user


class KeyForm(forms.Form):
    name = forms.CharField(label="What is it for?", max_length=80, strip=True)
    scopes = forms.MultipleChoiceField(
        label="What may it do?",
        choices=list(SCOPES.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose one at least."},
    )
    days = forms.TypedChoiceField(
        label="How long?",
        coerce=int,
        choices=[(30, "30 days"), (90, "90 days"), (365, "a year")],
        initial=90,
    )

    @property
    def lifetime(self) -> timedelta:
        return timedelta(days=self.cleaned_data["days"])
