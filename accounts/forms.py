"""Forms of the account pages."""

from django.contrib.auth.forms import PasswordChangeForm, UserCreationForm

from accounts.models import User
from accounts.services import change_password


class SignUpForm(UserCreationForm[User]):
    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username",)


class ChangePasswordForm(PasswordChangeForm):
    def save(self, commit: bool = True) -> User:  # noqa: FBT001, FBT002  # Django's signature
        """Through the service, so that API tokens end too."""
        change_password(self.user, self.cleaned_data["new_password1"])
        return self.user
